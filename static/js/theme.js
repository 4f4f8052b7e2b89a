// Light or dark, kept in a cookie by the server, so that the next page is drawn right from the start.
document.addEventListener('submit', (event) => {
  const form = event.target.closest('[data-theme-form]');
  if (!form) return;
  event.preventDefault();
  const root = document.documentElement;
  const now = root.dataset.theme || (matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light');
  const next = now === 'dark' ? 'light' : 'dark';
  root.dataset.theme = next;
  const body = new FormData(form);
  body.set('theme', next);
  fetch(form.action, { method: 'POST', body, redirect: 'manual' });
}, true);
