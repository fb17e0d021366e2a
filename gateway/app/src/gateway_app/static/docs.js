// Swagger UI whose Authorize button logs in at Keycloak: authorization code with PKCE, a public client, no secret.
const ui = SwaggerUIBundle({
  url: "/api/openapi.json",
  dom_id: "#swagger-ui",
  deepLinking: true,
  tryItOutEnabled: true,
  // The token lives in this page's memory only.
  persistAuthorization: false,
  oauth2RedirectUrl: `${window.location.origin}/api/docs/oauth2-redirect`,
});
ui.initOAuth({
  clientId: "api-docs",
  appName: "Messenger API",
  scopes: ["openid"],
  usePkceWithAuthorizationCodeGrant: true,
});
