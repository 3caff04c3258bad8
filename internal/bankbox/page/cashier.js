"use strict";
// The cashier's buttons. The page is drawn by the bank with the payment's state;
// this only asks for the change and shows what the bank answered.
(() => {
  const page = document.getElementById("cashier");
  if (!page) return;
  const el = (id) => document.getElementById(id);
  const buttons = [el("pay"), el("fail")];
  const base = "/pay/cashier/" + page.dataset.payment;

  const show = (state) => {
    page.dataset.state = state;
    const title = page.querySelector("." + state + " h1");
    if (!title) return;
    el("status").textContent = title.textContent;
    title.focus();
  };

  const ask = async (button, action) => {
    const caption = button.querySelector(".caption");
    const before = caption.textContent;
    el("error").textContent = "";
    buttons.forEach((b) => (b.disabled = true));
    caption.textContent = page.dataset.working;
    try {
      const answer = await fetch(base + "/" + action, { method: "POST" });
      if (answer.ok) show((await answer.json()).status);
      // It ended elsewhere meanwhile: the bank draws the page as it is now.
      else if (answer.status === 409) location.reload();
      else el("error").textContent = page.dataset.busy;
    } catch {
      el("error").textContent = page.dataset.offline;
    } finally {
      caption.textContent = before;
      buttons.forEach((b) => (b.disabled = false));
    }
  };

  el("pay").addEventListener("click", () => ask(el("pay"), "pay"));
  el("fail").addEventListener("click", () => ask(el("fail"), "fail"));
  if (el("leave").tagName === "BUTTON") el("leave").addEventListener("click", () => show("left"));
  el("resume").addEventListener("click", () => {
    page.dataset.state = "pending";
    el("pay").focus();
  });
  // Back from the shop by the browser's cache: draw the state anew.
  addEventListener("pageshow", (event) => event.persisted && location.reload());
})();
