// Ticked rows: the box in the heading, the count in the bulk bar, the two keys for rows.
const rowBoxes = (scope) => findAll('tbody .row-select input', scope);
const listOf = (element) => element.closest('.card') || document;

const showSelection = (scope) => {
  const boxes = rowBoxes(scope);
  const ticked = boxes.filter((box) => box.checked).length;
  const everything = find('.bulk-all input', scope)?.checked;
  const text = find('[data-selected]', scope);
  if (text) text.textContent = everything ? 'Everything that matches' : `${ticked} selected`;
  const head = find('[data-select-all]', scope);
  if (head) {
    head.checked = ticked > 0 && ticked === boxes.length;
    head.indeterminate = ticked > 0 && ticked < boxes.length;
  }
};
on('change', '[data-select-all], .row-select input, .bulk-all input', (event, box) => {
  const scope = listOf(box);
  if (box.matches('[data-select-all]')) rowBoxes(scope).forEach((one) => { one.checked = box.checked; });
  showSelection(scope);
});
on('click', '[data-clear-selection]', (event, button) => {
  const scope = listOf(button);
  findAll('.row-select input, .bulk-all input', scope).forEach((box) => { box.checked = false; });
  showSelection(scope);
});
document.addEventListener('htmx:after:swap', () => findAll('.bulk-bar').forEach((bar) => showSelection(listOf(bar))));
