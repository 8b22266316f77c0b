/* A button that prints the page.

   Script tag:  <script type="module" src="{% static 'js/print.js' %}"></script>
   <button data-print hidden>   is shown where this script runs */

for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
}
