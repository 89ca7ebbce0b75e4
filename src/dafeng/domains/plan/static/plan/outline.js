/* Reviewing a plan: words selected in the text go along with the link 补充, so that they need not be copied. */
const add = document.querySelector("[data-add]");
const text = document.querySelector("[data-document]");
if (add && text) {
  document.addEventListener("selectionchange", () => {
    const chosen = document.getSelection();
    if (!chosen.rangeCount || chosen.isCollapsed || !text.contains(chosen.anchorNode) || !text.contains(chosen.focusNode)) return;
    const piece = chosen.getRangeAt(0).cloneContents();
    // The letters of the marks are ours, not the document's.
    for (const letter of piece.querySelectorAll("b, .alone, .hidden")) letter.remove();
    const quote = piece.textContent.trim().slice(0, 1000);
    if (quote) add.href = `${add.dataset.add}?quote=${encodeURIComponent(quote)}`;
  });
}
