// What every module stands on. All modules share one scope (see web/assets.py). Rules: listen on the document or
// write a custom element, never keep a node: htmx and history replace them. No inline handlers, no eval.
const find = (selector, root = document) => root.querySelector(selector);
const findAll = (selector, root = document) => [...root.querySelectorAll(selector)];

// Calls `handle(event, element)` when something of that kind happens in an element that fits `selector`.
const on = (type, selector, handle, options) =>
  document.addEventListener(type, (event) => {
    const hit = event.target.closest?.(selector);
    if (hit) handle(event, hit);
  }, options);

const isTyping = (target) => target.matches?.('input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]');

const remembered = {
  get: (key) => { try { return localStorage.getItem(key); } catch { return null; } },
  set: (key, value) => { try { localStorage.setItem(key, value); } catch { /* private window: forget it */ } },
};

document.addEventListener('htmx:config:request', (event) => {
  const token = find('meta[name=csrf]')?.content;
  if (token) event.detail.ctx.request.headers['X-CSRFToken'] = token;
});

// Somebody has signed in again in another tab: the page goes on under the new session.
document.addEventListener('csrf:renewed', (event) => {
  const { token } = event.detail;
  find('meta[name=csrf]').content = token;
  findAll('input[name=csrf_token]').forEach((input) => { input.value = token; });
});

// Without a network the browser would put a page of its own in the place of what was typed: so a plain submit
// first asks whether the server is there.
const PATIENCE = 8000;
const isReachable = () => fetch('/healthz', { method: 'HEAD', cache: 'no-store', signal: AbortSignal.timeout(PATIENCE) }).then(() => true, () => false);
document.addEventListener('submit', async (event) => {
  const { target: form, submitter } = event;
  if (event.defaultPrevented || form.method !== 'post' || form.matches('[hx-post], [data-theme-form], [data-reachable]')) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  if (form.matches('[data-asking]')) return;
  form.dataset.asking = '';
  submitter?.setAttribute('aria-busy', 'true');
  const reachable = await isReachable();
  submitter?.removeAttribute('aria-busy');
  delete form.dataset.asking;
  if (!reachable) return say('No connection. What you typed is still here: press again when the connection is back.');
  form.dataset.reachable = '';
  form.requestSubmit(submitter);
  delete form.dataset.reachable;
});

// A plain submit shows the busy mark until the next page; coming back by the Back button clears it.
document.addEventListener('submit', (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.method !== 'post' || form.matches('[hx-post]')) return;
  event.submitter?.setAttribute('aria-busy', 'true');
});
addEventListener('pageshow', () => findAll('[aria-busy=true].button').forEach((button) => button.removeAttribute('aria-busy')));
