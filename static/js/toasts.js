// A toast starts its own clock wherever the server puts it; the list sits above every dialog.
const TOAST_SECONDS = 7;
customElements.define('nx-toast', class extends HTMLElement {
  connectedCallback() {
    const list = this.parentElement;
    if (list?.popover) {
      if (list.matches(':popover-open')) list.hidePopover();
      list.showPopover();
    }
    const start = () => { clearTimeout(this.clock); this.clock = setTimeout(() => this.leave(), TOAST_SECONDS * 1000); };
    const stop = () => clearTimeout(this.clock);
    for (const type of ['mouseenter', 'focusin']) this.addEventListener(type, stop);
    for (const type of ['mouseleave', 'focusout']) this.addEventListener(type, start);
    this.addEventListener('click', (event) => {
      // A click on Undo must still send its form: leave after that.
      if (event.target.closest('[data-dismiss]')) setTimeout(() => this.leave(), 50);
    });
    start();
  }

  disconnectedCallback() { clearTimeout(this.clock); }

  leave() {
    this.classList.add('is-leaving');
    setTimeout(() => this.remove(), 300);
  }
});

const say = (text) => {
  const toast = document.createElement('nx-toast');
  toast.className = 'toast toast-bad';
  toast.setAttribute('role', 'alert');
  toast.textContent = text;
  find('#toasts')?.append(toast);
};
document.addEventListener('htmx:error', (event) => {
  // Only what went wrong on the way; the server's own refusals arrive as answers.
  if (event.detail?.ctx && !event.detail.ctx.response) say('Connection problem. Nothing was changed; try again.');
});
addEventListener('offline', () => say('You are offline. Nothing will be saved until the connection is back.'));
