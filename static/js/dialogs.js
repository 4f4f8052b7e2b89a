// Dialogs, the drawer and "are you sure?".
const close = (dialog) => dialog?.open && dialog.close();

// The drawer opens when htmx has put something into it, and is empty again when closed.
document.addEventListener('htmx:after:swap', () => {
  const drawer = find('#drawer');
  if (drawer && !drawer.open && drawer.childElementCount) drawer.showModal();
});
// A form that comes back with errors: the summary says what to put right, also to those who hear the page.
document.addEventListener('htmx:after:swap', (event) => {
  if (event.detail?.ctx?.response?.status === 422) (find('dialog[open] .form-errors') ?? find('.form-errors'))?.focus();
});
document.addEventListener('close', (event) => {
  if (event.target.id === 'drawer') event.target.replaceChildren();
}, true);
document.addEventListener('drawer:close', () => close(find('#drawer')));
on('click', '[data-drawer-close]', (event, button) => {
  const drawer = button.closest('dialog');
  if (!drawer) return;
  event.preventDefault();
  if (button.dataset.drawerClose === 'cancel') close(drawer);
  else closeKept(drawer);
});

// A click on the backdrop closes (`closedby` is not everywhere yet).
on('mousedown', 'dialog', (event, dialog) => {
  if (event.target !== dialog) return;
  const box = dialog.getBoundingClientRect();
  const inside = event.clientX >= box.left && event.clientX <= box.right && event.clientY >= box.top && event.clientY <= box.bottom;
  if (inside) return;
  if (dialog.id === 'drawer') closeKept(dialog);
  else close(dialog);
});

// Invoker commands for browsers that do not have them.
if (!('command' in HTMLButtonElement.prototype)) {
  on('click', '[commandfor]', (event, button) => {
    const dialog = document.getElementById(button.getAttribute('commandfor'));
    const command = button.getAttribute('command');
    if (command === 'close') close(dialog);
    if (command === 'show-modal') dialog?.showModal();
  });
}

const ask = (question, yes, danger, answer, { title = 'Are you sure?', no = 'Cancel' } = {}) => {
  const dialog = find('#confirm');
  if (!dialog) return answer(window.confirm(question));
  find('#confirm-title', dialog).textContent = title;
  find('[data-confirm-text]', dialog).textContent = question;
  find('[value=no] span', dialog).textContent = no;
  const button = find('[value=yes]', dialog);
  find('span', button).textContent = yes || 'Yes';
  button.classList.toggle('button-danger-solid', danger);
  button.classList.toggle('button-primary', !danger);
  dialog.returnValue = 'no';
  dialog.showModal();
  dialog.addEventListener('close', () => answer(dialog.returnValue === 'yes'), { once: true });
};
const looksDangerous = (element) => Boolean(find('.button-danger, .button-danger-solid, .menu-danger', element)) || element.matches('.button-danger, .menu-danger');

document.addEventListener('htmx:confirm', (event) => {
  const { ctx, issueRequest, dropRequest } = event.detail;
  if (!ctx.confirm || !find('#confirm')) return;
  event.preventDefault();
  const source = ctx.sourceElement;
  ask(ctx.confirm, source.dataset.confirmLabel, looksDangerous(source), (yes) => (yes ? issueRequest() : dropRequest()));
});

document.addEventListener('submit', (event) => {
  const form = event.target;
  if (!form.dataset.confirm || form.dataset.confirmed || form.matches('[data-reachable]')) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  const submitter = event.submitter;
  ask(form.dataset.confirm, form.dataset.confirmLabel, looksDangerous(form), (yes) => {
    if (!yes) return;
    form.dataset.confirmed = 'yes';
    form.requestSubmit(submitter);
    delete form.dataset.confirmed;
  });
}, true);
