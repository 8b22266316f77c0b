/* Web push for this device: asked for by a button, never by itself.

   <cd-push data-worker="/push-worker.js" data-key="…" data-url="/settings/notices/device/">
     <p data-when="unable">…</p> <p data-when="denied">…</p>
     <div data-when="off"><button data-on>…</button></div>
     <div data-when="on"><button data-off>…</button></div>
     <p data-when="failed" role="alert">…</p>
   </cd-push>   shows the one that is true; all are hidden without this script. */

const bytes = (text) => {
  const plain = atob(text.replace(/-/g, "+").replace(/_/g, "/") + "=".repeat((4 - (text.length % 4)) % 4));
  return Uint8Array.from(plain, (character) => character.charCodeAt(0));
};

const device = () => {
  const { userAgent = "", platform = "" } = navigator;
  const brands = (navigator.userAgentData?.brands || []).map((each) => each.brand).filter((each) => !/not/i.test(each));
  const browser = brands.at(-1) || (/(Firefox|Edg|Chrome|Safari)/.exec(userAgent) || [""])[0];
  return [browser, navigator.userAgentData?.platform || platform].filter(Boolean).join(", ").slice(0, 80);
};

class Push extends HTMLElement {
  connectedCallback() {
    this.querySelector("[data-on]")?.addEventListener("click", () => this.#attempt(() => this.#begin()));
    this.querySelector("[data-off]")?.addEventListener("click", () => this.#attempt(() => this.#end()));
    this.#attempt(() => this.#look());
  }

  async #attempt(what) {
    try {
      await what();
    } catch {
      this.#show("failed");
    }
  }

  async #look() {
    if (!("serviceWorker" in navigator) || !("PushManager" in window)) return this.#show("unable");
    if (Notification.permission === "denied") return this.#show("denied");
    const registration = await navigator.serviceWorker.getRegistration("/");
    const subscription = await registration?.pushManager.getSubscription();
    return this.#show(subscription ? "on" : "off");
  }

  async #begin() {
    if ((await Notification.requestPermission()) !== "granted") return this.#show("denied");
    await navigator.serviceWorker.register(this.dataset.worker, { scope: "/" });
    const registration = await navigator.serviceWorker.ready;
    const old = await registration.pushManager.getSubscription();
    await old?.unsubscribe();
    const subscription = await registration.pushManager.subscribe({
      userVisibleOnly: true,
      applicationServerKey: bytes(this.dataset.key),
    });
    await this.#tell({ subscription: subscription.toJSON(), name: device() });
    return this.#show("on");
  }

  async #end() {
    const registration = await navigator.serviceWorker.getRegistration("/");
    const subscription = await registration?.pushManager.getSubscription();
    if (subscription) {
      await this.#tell({ forget: subscription.endpoint });
      await subscription.unsubscribe();
    }
    return this.#show("off");
  }

  async #tell(what) {
    const token = JSON.parse(document.body.getAttribute("hx-headers"))["X-CSRFToken"];
    const headers = { "Content-Type": "application/json", "X-CSRFToken": token };
    const answer = await fetch(this.dataset.url, { method: "POST", headers, body: JSON.stringify(what) });
    if (!answer.ok) throw new Error(String(answer.status));
  }

  #show(state) {
    for (const part of this.querySelectorAll("[data-when]")) part.hidden = part.dataset.when !== state;
  }
}

customElements.define("cd-push", Push);
