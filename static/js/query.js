/* The query editor: leads to the place of a mistake, and writes examples where the cursor stands.

   Script tag:  <script type="module" src="{% static 'js/query.js' %}"></script>
   <button data-from="3" data-to="7">     selects these characters of #id_expression
   <button data-insert="kaffe OR te">     writes them where its cursor stands, and is checked at once

   Places count characters as Python does; the browser counts an emoji as two. */

const field = document.getElementById("id_expression");
const offset = (text, count) => [...text].slice(0, count).join("").length;

const goTo = ({ from, to }) => {
  field.focus();
  field.setSelectionRange(offset(field.value, Number(from)), offset(field.value, Number(to)));
};

const insert = (text) => {
  const before = field.value.slice(0, field.selectionStart);
  const gap = before === "" || /[\s(]$/.test(before) ? "" : " ";
  field.focus();
  field.setRangeText(gap + text, field.selectionStart, field.selectionEnd, "end");
  field.dispatchEvent(new Event("input", { bubbles: true }));
};

document.addEventListener("click", ({ target }) => {
  const button = target.closest("[data-from], [data-insert]");
  if (!button) return;
  if (button.dataset.insert) insert(button.dataset.insert);
  else goTo(button.dataset);
});
