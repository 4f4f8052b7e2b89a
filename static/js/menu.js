// Places menus where the browser cannot anchor them, and closes them after a choice.
if (!CSS.supports('position-area: block-end')) {
  document.addEventListener('toggle', (event) => {
    const menu = event.target;
    if (!menu.matches?.('.menu[popover]') || event.newState !== 'open') return;
    const opener = find(`[popovertarget="${menu.id}"]`)?.getBoundingClientRect();
    if (!opener) return;
    const size = menu.getBoundingClientRect();
    const left = menu.classList.contains('menu-start') ? opener.left : opener.right - size.width;
    const below = opener.bottom + 4;
    const top = below + size.height > innerHeight ? Math.max(8, opener.top - size.height - 4) : below;
    Object.assign(menu.style, { inset: 'auto', margin: '0', left: `${Math.max(8, Math.min(left, innerWidth - size.width - 8))}px`, top: `${top}px` });
  }, true);
}
on('click', '.menu :is(a, button)', (event, item) => item.closest('[popover]')?.hidePopover());

// Arrow keys walk a menu, Home and End go to its ends; Esc is the popover's own and gives the focus back.
const menuItems = (menu) => findAll(':is(a[href], button:not(:disabled))', menu).filter((item) => item.checkVisibility());
on('keydown', '.menu[popover]', (event, menu) => {
  const items = menuItems(menu);
  const here = items.indexOf(document.activeElement);
  const next = {
    ArrowDown: here + 1,
    ArrowUp: here < 0 ? items.length - 1 : here - 1,
    Home: 0,
    End: items.length - 1,
  }[event.key];
  if (next === undefined || !items.length) return;
  event.preventDefault();
  items[(next + items.length) % items.length].focus();
});
on('keydown', '[popovertarget]', (event, opener) => {
  const menu = document.getElementById(opener.getAttribute('popovertarget'));
  if (!menu?.matches('.menu') || menu.contains(opener) || !['ArrowDown', 'ArrowUp'].includes(event.key)) return;
  event.preventDefault();
  // By its button, so that the browser knows where the focus goes back to.
  if (!menu.matches(':popover-open')) opener.click();
  const items = menuItems(menu);
  items[event.key === 'ArrowDown' ? 0 : items.length - 1]?.focus();
});
