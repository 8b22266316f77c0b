/* Copies the text of another element.

   Script tag:  <script type="module" src="{% static 'js/copy.js' %}"></script>
   <button data-copies="#secret" data-done="Copied" hidden><span data-text>Copy</span></button>
   Shown where the browser lets pages write to the clipboard (https, or localhost). */

for (const button of document.querySelectorAll("[data-copies]")) {
  button.hidden = !navigator.clipboard;
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copies]");
  if (!button) return;
  const source = document.querySelector(button.dataset.copies);
  try {
    await navigator.clipboard.writeText(source.textContent.trim());
    button.querySelector("[data-text]").textContent = button.dataset.done;
  } catch {
    // Not allowed to copy: selected, so that the keyboard can.
    getSelection().selectAllChildren(source);
  }
});
