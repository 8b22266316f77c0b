/* The service worker for web push. Served at /push-worker.js, so that its scope is the whole site.

   A push is JSON whose words are ready: {title, body, url, tag, urgent, actions: [{title, url}]}.
   It keeps no page and fetches nothing. Addresses of other sites are not opened. */

const ours = (url) => {
  try {
    const found = new URL(url || "/notices/", self.location.origin);
    return found.origin === self.location.origin ? found.href : self.location.origin;
  } catch {
    return self.location.origin;
  }
};

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

self.addEventListener("push", (event) => {
  let said = {};
  try {
    said = event.data.json();
  } catch {
    // A browser must show something for each push.
  }
  const actions = (said.actions || []).map((each, place) => ({ action: String(place), title: each.title }));
  event.waitUntil(
    self.registration.showNotification(said.title || "CrisisDesk", {
      body: said.body || "",
      tag: said.tag,
      renotify: Boolean(said.tag),
      requireInteraction: Boolean(said.urgent),
      actions,
      data: { url: said.url, urls: (said.actions || []).map((each) => each.url) },
    }),
  );
});

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  const { url, urls } = event.notification.data || {};
  const wanted = event.action === "" ? url : (urls || [])[Number(event.action)];
  // An answer is a page with one button: opening it does nothing by itself.
  event.waitUntil(self.clients.openWindow(ours(wanted)));
});
