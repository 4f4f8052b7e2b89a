// Tabs that swap a list follow the address: the answer need not bring them along.
document.addEventListener('htmx:after:history:push', () => {
  for (const tabs of findAll('.tabs')) {
    const links = findAll('a[hx-get]', tabs);
    const here = new URLSearchParams(location.search);
    const fits = (link) => [...new URL(link.href).searchParams].every(([key, value]) => (here.get(key) || '') === value);
    const best = links.filter(fits).sort((a, b) => new URL(b.href).searchParams.size - new URL(a.href).searchParams.size)[0];
    if (best) links.forEach((link) => (link === best ? link.setAttribute('aria-current', 'page') : link.removeAttribute('aria-current')));
    // The filter form repeats what the tab chose, so that typing does not lose it.
    const form = find('.filter-bar', tabs.parentElement);
    if (best && form) {
      new URL(best.href).searchParams.forEach((value, key) => {
        let kept = find(`input[type=hidden][name="${CSS.escape(key)}"]`, form);
        if (!kept) {
          kept = Object.assign(document.createElement('input'), { type: 'hidden', name: key });
          form.append(kept);
        }
        kept.value = value;
      });
    }
  }
});
