// Hands Keycloak's answer to the Swagger UI that opened this window. An answer with another state is not ours.
const login = window.opener?.swaggerUIRedirectOauth2;
if (login) {
  const answer = new URLSearchParams(window.location.search);
  const fail = (message) => login.errCb({ authId: login.auth.name, source: "auth", level: "error", message });
  if (answer.get("state") !== login.state) {
    fail("The answer does not belong to this login.");
  } else if (answer.has("code")) {
    delete login.state;
    login.auth.code = answer.get("code");
    login.callback({ auth: login.auth, redirectUrl: login.redirectUrl });
  } else {
    fail(`${answer.get("error") ?? "No code came back"}. ${answer.get("error_description") ?? ""}`);
  }
  window.close();
}
