/* Sets the theme before the first paint, and switches it.

   Script tag, in <head>, blocking:  <script src="{% static 'js/theme.js' %}"></script>
   <html data-theme="system|light|dark">   what the reader has chosen, from the server
   <form method="post"> <button data-theme-toggle name="theme" value="…"> </form>   switches at once
     and posts the form in the background, so that the choice is kept with the person; it works
     without script too.
   On pages where nobody is signed in the switch is kept in the browser.
   Sets <html data-bs-theme="light|dark"> and dispatches `cd:theme` on document after a change. */
"use strict";

(() => {
  const KEY = "cd-theme";
  const root = document.documentElement;
  const device = matchMedia("(prefers-color-scheme: dark)");

  const kept = (value) => {
    // Storage may be forbidden; then the switch lasts as long as the page.
    try {
      if (value === undefined) return localStorage.getItem(KEY);
      if (value === null) localStorage.removeItem(KEY);
      else localStorage.setItem(KEY, value);
    } catch { /* as said */ }
    return null;
  };

  const chosen = () => {
    const wish = root.dataset.theme;
    if (wish === "light" || wish === "dark") return wish;
    return kept() || (device.matches ? "dark" : "light");
  };

  const show = (theme) => {
    if (root.dataset.bsTheme === theme) return;
    root.dataset.bsTheme = theme;
    document.dispatchEvent(new CustomEvent("cd:theme", { detail: { theme } }));
  };

  show(chosen());
  device.addEventListener("change", () => show(chosen()));

  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("[data-theme-toggle]");
    if (!button) return;
    event.preventDefault();
    const theme = root.dataset.bsTheme === "dark" ? "light" : "dark";
    root.dataset.theme = theme;
    show(theme);
    const form = button.form;
    if (!form?.getAttribute("action")) {
      kept(theme);
      return;
    }
    button.value = theme.toUpperCase();
    fetch(form.action, { method: "POST", body: new FormData(form, button), redirect: "manual" })
      .catch(() => kept(theme));
    // The button now offers the way back, also to a form that is sent without script.
    button.value = theme === "dark" ? "LIGHT" : "DARK";
  });

  // The profile decides for good: what the browser kept must not contradict it.
  document.addEventListener("submit", (event) => {
    if (event.target.elements?.namedItem?.("theme")) kept(null);
  });
})();
