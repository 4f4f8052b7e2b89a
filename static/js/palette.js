// Search and commands over the page, and the keys.
const openPalette = () => {
  const palette = find('#palette');
  if (!palette || palette.open) return false;
  const query = find('#palette-q');
  palette.showModal();
  query.select();
  htmx.trigger(query, 'open');
  return true;
};
on('click', '[data-palette]', (event) => {
  if (event.ctrlKey || event.metaKey || event.shiftKey) return;
  if (openPalette()) event.preventDefault();
});

const options = () => findAll('#palette-list [role=option]:not([aria-disabled])');
const choose = (all, index) => {
  all.forEach((option, i) => option.setAttribute('aria-selected', i === index));
  find('#palette-q').setAttribute('aria-activedescendant', all[index].id);
  all[index].scrollIntoView({ block: 'nearest' });
};
on('keydown', '#palette-q', (event) => {
  const all = options();
  if (!all.length) return;
  const now = all.findIndex((option) => option.getAttribute('aria-selected') === 'true');
  if (event.key === 'Enter') {
    event.preventDefault();
    all[Math.max(now, 0)].click();
  } else if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
    event.preventDefault();
    choose(all, (now + (event.key === 'ArrowDown' ? 1 : all.length - (now < 0 ? 0 : 1))) % all.length);
  }
});

// Single keys can be switched off: speech control types them by accident (WCAG 2.1.4).
const singleKeys = () => remembered.get('nx-single-keys') !== 'off';
on('change', '[data-single-keys]', (event, box) => remembered.set('nx-single-keys', box.checked ? 'on' : 'off'));

const moveRow = (step) => {
  const rows = findAll('.data-table tbody tr');
  if (!rows.length) return;
  const now = rows.indexOf(document.activeElement?.closest?.('tr'));
  const row = rows[Math.min(Math.max(now + step, 0), rows.length - 1)];
  (find('a.who-name', row) || find('a, button, input', row))?.focus();
};
const keys = {
  '/': () => find('[data-slash]')?.focus(),
  '?': () => {
    const sheet = find('#shortcuts');
    if (!sheet) return;
    find('[data-single-keys]', sheet).checked = singleKeys();
    sheet.showModal();
  },
  j: () => moveRow(1),
  k: () => moveRow(-1),
  x: () => find('.row-select input', document.activeElement?.closest?.('tr') || document.createElement('i'))?.click(),
};
document.addEventListener('keydown', (event) => {
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'k') {
    if (openPalette()) event.preventDefault();
  } else if (!event.ctrlKey && !event.metaKey && !event.altKey && keys[event.key] && !isTyping(event.target) && !find('dialog[open]') && singleKeys()) {
    event.preventDefault();
    keys[event.key]();
  }
});
