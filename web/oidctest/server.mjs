// An identity provider that knows one person, who always says yes. What it is asked is
// checked as the real thing checks it: this is the library that others build theirs of.
import http from "node:http";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const { PORT, MODULES, CLIENT, SECRET, REDIRECT, SUBJECT } = process.env;
const { default: Provider } = await import(pathToFileURL(createRequire(MODULES + "/").resolve("oidc-provider")));
const issuer = `http://127.0.0.1:${PORT}`;
const provider = new Provider(issuer, {
  clients: [{ client_id: CLIENT, client_secret: SECRET, redirect_uris: [REDIRECT], grant_types: ["authorization_code"], response_types: ["code"] }],
  cookies: { keys: ["for tests only"] },
  pkce: { required: () => true, methods: ["S256"] },
  features: { devInteractions: { enabled: false } },
  interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
  findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
  async loadExistingGrant(ctx) {
    const grant = new provider.Grant({ clientId: ctx.oidc.client.clientId, accountId: ctx.oidc.session.accountId });
    grant.addOIDCScope("openid");
    await grant.save();
    return grant;
  },
});
const answer = provider.callback();
const server = http.createServer(async (req, res) => {
  if (req.url.startsWith("/interaction/")) {
    await provider.interactionFinished(req, res, { login: { accountId: SUBJECT } });
    return;
  }
  answer(req, res);
});
server.listen(Number(PORT), "127.0.0.1", () => console.log("listening at " + issuer));
