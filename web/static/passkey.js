// Passkeys: the browser makes and uses them, this script carries what it says to the
// server and back. Without it the other ways to sign in are there.
"use strict";
(() => {
  const form = document.querySelector("[data-passkey]");
  if (!form || !window.PublicKeyCredential) return;
  const fresh = form.dataset.passkey === "new";
  const base = fresh ? "/account/passkeys/" : "/sign-in/passkey/";
  const problem = document.getElementById("passkey-problem");
  const button = form.querySelector("button");

  const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
  const letters = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

  async function ask(step, body) {
    const answer = await fetch(base + step, {
      method: "POST", headers: { "X-Csrf-Token": form.dataset.csrf, "Content-Type": "application/json" },
      body: body ? JSON.stringify(body) : "{}",
    });
    const said = await answer.json().catch(() => ({}));
    if (!answer.ok) throw new Error(said.say || "That did not work. Load the page again and try once more.");
    return said;
  }

  // The protocol writes bytes as letters; browsers want bytes.
  function wanted(options) {
    const out = { ...options.publicKey, challenge: bytes(options.publicKey.challenge) };
    if (out.user) out.user = { ...out.user, id: bytes(out.user.id) };
    for (const list of ["excludeCredentials", "allowCredentials"]) {
      if (out[list]) out[list] = out[list].map((c) => ({ ...c, id: bytes(c.id) }));
    }
    return { publicKey: out };
  }

  function told(made) {
    const response = { clientDataJSON: letters(made.response.clientDataJSON) };
    for (const name of ["attestationObject", "authenticatorData", "signature", "userHandle"]) {
      if (made.response[name]) response[name] = letters(made.response[name]);
    }
    if (made.response.getTransports) response.transports = made.response.getTransports();
    return { id: made.id, rawId: letters(made.rawId), type: made.type, response, clientExtensionResults: made.getClientExtensionResults() };
  }

  button.addEventListener("click", async () => {
    problem.textContent = "";
    button.disabled = true;
    try {
      const options = wanted(await ask("begin"));
      const made = await (fresh ? navigator.credentials.create(options) : navigator.credentials.get(options));
      const name = fresh ? "?name=" + encodeURIComponent(document.getElementById("passkey-name").value) : "";
      location.assign((await ask("finish" + name, told(made))).go);
    } catch (e) {
      problem.textContent = e instanceof DOMException ? "No passkey was used: the browser or you stopped it." : e.message;
    }
    button.disabled = false;
  });

  form.hidden = false;
  for (const e of document.querySelectorAll("[data-without]")) e.hidden = true;
})();
