// What is typed into a form of the desk ([data-guarded]) is not lost without a question: not by a click on
// another page, not by Esc, a click beside the drawer or closing the window. "Cancel" and "Discard" ask nothing.
const isChanged = (field) => {
  if (field.type === 'hidden' || field.type === 'submit' || !field.name) return false;
  if (field.type === 'checkbox' || field.type === 'radio') return field.checked !== field.defaultChecked;
  if (field.type === 'file') return field.files.length > 0;
  if (field.options) return hasOtherChoice(field);
  return field.value !== field.defaultValue;
};
// A list that marks no option as its own begins with the first one.
const hasOtherChoice = (list) => {
  const options = [...list.options];
  if (list.multiple || options.some((option) => option.defaultSelected)) return options.some((option) => option.selected !== option.defaultSelected);
  return list.selectedIndex > 0;
};
// A form that came back with errors holds what was typed as its own values.
const isUnsaved = (form) => !form.matches('[data-sent]') && (find('.form-errors', form) !== null || [...form.elements].some(isChanged));
const unsavedForms = (root = document) => (find('.desk') ? findAll('form[data-guarded]', root).filter(isUnsaved) : []);
const unsavedText = (forms) => {
  const fields = forms.flatMap((form) => [...form.elements].filter(isChanged)).length;
  return fields === 1 ? 'One field is changed and not saved.' : fields ? `${fields} fields are changed and not saved.` : 'What you typed is not saved.';
};
const keepOrLeave = (forms, leave) => ask(unsavedText(forms), 'Leave without it', true, (yes) => {
  if (!yes) return;
  forms.forEach(forget);
  leave();
}, { title: 'Keep what you typed?', no: 'Stay here' });
const forget = (form) => { form.dataset.sent = ''; };

document.addEventListener('click', (event) => {
  const link = event.target.closest?.('a[href]');
  if (!link || event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  if (link.target === '_blank' || link.hasAttribute('download') || link.hasAttribute('hx-get') || link.getAttribute('href').startsWith('#')) return;
  const forms = unsavedForms();
  if (!forms.length) return;
  if (link.closest('.form-foot, nx-save-bar')) return forms.forEach(forget);
  event.preventDefault();
  keepOrLeave(forms, () => link.click());
});

// What was sent is not lost. A form that comes back with errors is a new one, which was not sent yet.
document.addEventListener('submit', (event) => { if (!event.defaultPrevented && event.target.matches('[data-guarded]')) forget(event.target); });
document.addEventListener('htmx:config:request', (event) => {
  const form = event.detail.ctx.sourceElement;
  if (form.matches('form[data-guarded]:not([hx-trigger])')) forget(form);
});
document.addEventListener('htmx:error', (event) => {
  const form = event.detail?.ctx?.sourceElement;
  if (form) delete form.dataset.sent;
});
addEventListener('pageshow', () => findAll('form[data-sent]').forEach((form) => { delete form.dataset.sent; }));
addEventListener('beforeunload', (event) => { if (unsavedForms().length) event.preventDefault(); });

// The drawer: Esc, the cross, and a click beside it.
const closeKept = (drawer) => {
  const forms = unsavedForms(drawer);
  if (forms.length) keepOrLeave(forms, () => close(drawer));
  else close(drawer);
};
document.addEventListener('cancel', (event) => {
  if (event.target.id !== 'drawer' || !unsavedForms(event.target).length) return;
  event.preventDefault();
  closeKept(event.target);
}, true);
