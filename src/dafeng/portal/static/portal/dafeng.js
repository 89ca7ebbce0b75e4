/* What pages do beyond reading. Everything here has a way without script: links lead to pages, forms post. */

// A number opens its lineage beside the page; without script the same link leads to the lineage page.
document.addEventListener("click", (event) => {
  const close = event.target.closest("[data-close]");
  if (close) close.closest("dialog").close();
  const panel = event.target.closest("dialog.panel");
  if (panel && event.target === panel) panel.close();
});
document.addEventListener("htmx:afterSwap", (event) => {
  const panel = event.detail.target.closest("dialog.panel");
  if (panel && !panel.open) {
    panel.showModal();
    panel.querySelector("[data-close]")?.focus();
  }
});

// The year slider goes to its year when it is let go.
document.addEventListener("input", (event) => {
  if (event.target.matches("[data-slider]")) event.target.form.querySelector("output").value = event.target.value;
});
document.addEventListener("change", (event) => {
  if (event.target.matches("[data-slider], [data-submit]")) event.target.form.requestSubmit();
});

// What is typed into a form marked data-keep is kept in this tab until it has been sent, so that nothing is lost when a
// session ends or a page is closed by mistake. Passwords, files and hidden fields are never kept.
const keepable = (field) => field.name && !["password", "file", "hidden", "submit"].includes(field.type);
for (const form of document.querySelectorAll("form[data-keep]")) {
  const key = `dafeng:${location.pathname}:${form.dataset.keep}`;
  const kept = JSON.parse(sessionStorage.getItem(key) || "null");
  if (kept && !form.querySelector("[aria-invalid=true]")) {
    for (const field of form.elements) {
      if (!keepable(field) || !(field.name in kept)) continue;
      if (["checkbox", "radio"].includes(field.type)) field.checked = kept[field.name].includes(field.value);
      else if (!field.value) field.value = kept[field.name][0];
    }
  }
  form.addEventListener("input", () => {
    const values = {};
    for (const field of form.elements) {
      if (!keepable(field)) continue;
      if (["checkbox", "radio"].includes(field.type)) {
        values[field.name] ??= [];
        if (field.checked) values[field.name].push(field.value);
      } else values[field.name] = [field.value];
    }
    sessionStorage.setItem(key, JSON.stringify(values));
  });
  form.addEventListener("submit", () => sessionStorage.removeItem(key));
}

// A step that is refused leads back to the page with the reason above: what was typed stands in its form again, and the form is open.
const sent = "dafeng:sent"; // of the last step only: the next page takes it away
const forms = [...document.querySelectorAll("main form[method=post]")];
const named = (form) => `${location.pathname} ${forms.indexOf(form)} ${form.getAttribute("action") || ""}`;
const before = JSON.parse(sessionStorage.getItem(sent) || "null");
sessionStorage.removeItem(sent);
if (before && document.querySelector(".messages .error") && !document.querySelector("[aria-invalid=true]")) {
  const form = forms.find((each) => named(each) === before.form);
  for (const field of form ? form.elements : []) {
    if (!keepable(field) || !(field.name in before.values)) continue;
    if (["checkbox", "radio"].includes(field.type)) field.checked = before.values[field.name].includes(field.value);
    else if (before.values[field.name].length === 1) field.value = before.values[field.name][0];
  }
  form?.closest("details")?.setAttribute("open", "");
}
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!forms.includes(form) || form.querySelector("[type=password]")) return;
  const values = {};
  for (const field of form.elements) {
    if (!keepable(field)) continue;
    values[field.name] ??= [];
    if (!["checkbox", "radio"].includes(field.type) || field.checked) values[field.name].push(field.value);
  }
  sessionStorage.setItem(sent, JSON.stringify({ form: named(form), values }));
});

// A strip of tabs or years that is wider than the screen shows the present one.
for (const strip of document.querySelectorAll(".tabs, .years")) {
  const now = strip.querySelector("[aria-current]");
  if (now) strip.scrollLeft = now.offsetLeft - strip.offsetLeft - (strip.clientWidth - now.offsetWidth) / 2;
}

// What asks for itself again (data-live) rests while nobody sees the page.
document.addEventListener("htmx:beforeRequest", (event) => {
  if (document.hidden && event.target.matches("[data-live]")) event.preventDefault();
});

// A request that fails says so where the reader looks, instead of doing nothing.
for (const name of ["htmx:responseError", "htmx:sendError", "htmx:timeout"]) {
  document.addEventListener(name, (event) => {
    const place = document.getElementById("live");
    if (place) place.textContent = place.dataset.failed;
    if (event.detail.xhr?.status === 401 || event.detail.xhr?.status === 403) location.reload();
  });
}
