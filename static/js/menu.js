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
