/* Nothing typed is lost, and a failed request says so.

   Script tag:  <script type="module" src="{% static 'js/forms.js' %}"></script>

   Typed text: in every form with a textarea, and in <form data-keep="a name">, text is kept in the
   browser's session until the form has been sent well, and put back when the page is loaded again
   (<form data-keep="off"> opts out; <body data-user="7"> keeps one person's text from the next).
   <form data-guard>    leaving the page with changes in it is asked about first.

   <form data-reset>    is emptied when htmx has sent it well; otherwise what it shows counts as saved

   Swaps by morph leave alone: [data-made] elements, which scripts have added (charts), fields in
   which someone has typed something that is not sent yet, and the field that holds the focus.

   Failed requests of htmx that the reader caused get a toast with the words on #toasts (dialogs.js)
   and change nothing on the page; a 422 is a form with its errors and is swapped in. If the
   response brings a `toast` of its own in HX-Trigger, that one is shown. Requests caused by the
   live connection, by a timer or by loading fail silently: the connection chip tells.
   A whole page in answer to a fragment's request, without the part that its hx-select wants, means
   that the session has ended: it is not
   swapped in. */

const PREFIX = "cd-keep:";
const FIELDS = "textarea, input[type=text], input:not([type])";
const WAIT = 300;

/* ---- typed text ---- */

const keyOf = (form) => {
  const name = form.dataset.keep;
  if (name === "off" || (!name && !form.querySelector("textarea"))) return null;
  const own = name || `${location.pathname}#${form.id || form.getAttribute("action") || form.getAttribute("hx-post") || ""}`;
  return `${PREFIX}${document.body.dataset.user || ""}:${own}`;
};

const storage = (work) => {
  // Full or forbidden: then the text is as safe as anywhere else on the web, no safer.
  try {
    return work(sessionStorage);
  } catch {
    return null;
  }
};

const dirty = (field) => {
  if (field.type === "checkbox" || field.type === "radio") return field.checked !== field.defaultChecked;
  if (field instanceof HTMLSelectElement) {
    return [...field.options].some((option) => option.selected !== option.defaultSelected);
  }
  return field.value !== field.defaultValue;
};

const keep = (form) => {
  const key = keyOf(form);
  if (!key) return;
  const texts = {};
  for (const field of form.querySelectorAll(FIELDS)) {
    if (field.name && dirty(field)) texts[field.name] = field.value;
  }
  storage((store) => {
    if (Object.keys(texts).length) store.setItem(key, JSON.stringify({ texts }));
    else store.removeItem(key);
  });
};

/* What has been sent is not an unsaved change any more; what was typed meanwhile is. */
const saved = (form, given) => {
  for (const field of form.querySelectorAll(FIELDS)) {
    if (given?.get(field.name) === field.value) field.defaultValue = field.value;
  }
};

/* Mark as sent by an ordinary submit, whose success this page does not live to see. */
const sent = (form) => {
  const key = keyOf(form);
  if (!key) return;
  storage((store) => {
    const kept = store.getItem(key);
    if (kept) store.setItem(key, JSON.stringify({ ...JSON.parse(kept), sent: true }));
  });
};

const putBack = (form) => {
  const key = keyOf(form);
  const kept = key && storage((store) => JSON.parse(store.getItem(key)));
  if (!kept) return;
  for (const [name, text] of Object.entries(kept.texts)) {
    const field = form.elements.namedItem(name);
    // What the server has sent back, an error's form say, is newer than what was kept.
    if (!(field instanceof HTMLElement) || !field.matches(FIELDS) || field.value !== "") continue;
    field.value = text;
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }
};

const putAllBack = (root) => {
  if (root instanceof HTMLFormElement) putBack(root);
  root.querySelectorAll("form").forEach(putBack);
};

const [arrival] = performance.getEntriesByType("navigation");
if (arrival?.type === "navigate") {
  // A page of ours answered the submit. After "back" or "reload" nobody knows, and it is kept.
  storage((store) => {
    for (const key of Object.keys(store)) {
      if (key.startsWith(PREFIX) && JSON.parse(store.getItem(key)).sent) store.removeItem(key);
    }
  });
}
putAllBack(document);

const timers = new WeakMap();
document.addEventListener("input", ({ target }) => {
  const form = target.form;
  if (!form) return;
  clearTimeout(timers.get(form));
  timers.set(form, setTimeout(keep, WAIT, form));
});
addEventListener("pagehide", () => document.querySelectorAll("form").forEach((form) => {
  if (!form.dataset.sending) keep(form);
}));
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.method === "dialog") return;
  clearTimeout(timers.get(form));
  keep(form);
  form.dataset.sending = "yes";
  sent(form);
});

/* ---- leaving ---- */

addEventListener("beforeunload", (event) => {
  const forms = [...document.querySelectorAll("form[data-guard]:not([data-sending])")];
  if (forms.some((form) => [...form.elements].some((field) => field.name && "defaultValue" in field && dirty(field)))) {
    event.preventDefault();
  }
});

/* ---- swaps ---- */

const field = (node) => node instanceof Element && node.matches("input:not([type=hidden]), textarea, select");

if (window.Idiomorph) {
  window.Idiomorph.defaults.callbacks.beforeNodeMorphed = (before) => {
    if (!(before instanceof Element)) return true;
    if (before.hasAttribute("data-made")) return false;
    return !(field(before) && (dirty(before) || before === document.activeElement));
  };
  // What the reader has opened stays open, and a row that keys have moved to keeps the focus.
  window.Idiomorph.defaults.callbacks.beforeAttributeUpdated = (name, node, kind) =>
    !(name === "open" && (node instanceof HTMLDetailsElement || node instanceof HTMLDialogElement)) &&
    !(name === "tabindex" && kind === "remove" && node === document.activeElement);
  window.Idiomorph.defaults.callbacks.beforeNodeRemoved = (node) =>
    !(node instanceof Element && node.hasAttribute("data-made"));
}
document.addEventListener("htmx:afterSettle", ({ target }) => {
  if (target instanceof Element) putAllBack(target);
});

/* ---- requests ---- */

const byTheReader = ({ requestConfig }) => {
  const cause = requestConfig?.triggeringEvent?.type || "load";
  return !cause.startsWith("cd:") && !["load", "every", "revealed", "intersect"].includes(cause);
};

const complain = (detail, reason) => {
  const text = document.getElementById("toasts")?.dataset[reason];
  if (text && byTheReader(detail)) {
    document.body.dispatchEvent(new CustomEvent("cd:toast", { detail: { text, level: "error" } }));
  }
};

const REASONS = { 401: "signedOut", 403: "refused", 404: "gone", 410: "gone" };

// Whether a whole page holds the part of it that the element wants.
const asked = ({ requestConfig, serverResponse }) => {
  const part = requestConfig?.elt?.getAttribute?.("hx-select");
  return Boolean(part && new DOMParser().parseFromString(serverResponse, "text/html").querySelector(part));
};

document.addEventListener("htmx:beforeSwap", ({ detail }) => {
  if (detail.xhr.status === 422) {
    detail.shouldSwap = true;
    detail.isError = false;
  }
  const whole = /^\s*<!doctype/i.test(detail.serverResponse || "");
  if (whole && detail.target !== document.body && !asked(detail)) {
    detail.shouldSwap = false;
    if (detail.xhr.status < 400) complain(detail, "signedOut");
  }
});
document.addEventListener("htmx:responseError", ({ detail }) => {
  const own = /\btoast\b/.test(detail.xhr.getResponseHeader("HX-Trigger") || "");
  if (!own) complain(detail, REASONS[detail.xhr.status] || "failed");
});
document.addEventListener("htmx:sendError", ({ detail }) => complain(detail, "offline"));
document.addEventListener("htmx:timeout", ({ detail }) => complain(detail, "offline"));
document.addEventListener("htmx:afterRequest", ({ detail }) => {
  const form = detail.elt instanceof HTMLFormElement ? detail.elt : detail.elt.closest?.("form");
  if (!form || detail.requestConfig?.verb === "get") return;
  delete form.dataset.sending;
  if (!detail.successful || detail.xhr.status === 422) return;
  clearTimeout(timers.get(form));
  if (form.dataset.reset !== undefined) form.reset();
  else saved(form, detail.requestConfig?.formData);
  keep(form);
});
