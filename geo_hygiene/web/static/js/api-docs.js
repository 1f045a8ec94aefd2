// The description of the API, drawn from /openapi.json; nothing is asked from anywhere else.
const place = document.getElementById("api");
window.SwaggerUIBundle({
  domNode: place,
  url: place.dataset.description,
  deepLinking: false,
  validatorUrl: null,
  supportedSubmitMethods: ["get"],
});
