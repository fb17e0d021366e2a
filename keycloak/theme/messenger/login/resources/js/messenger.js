// What the parent's templates leave out, so that we need not copy them: labels that name their field, errors and
// pictures that a screen reader can read, and the right keyboard on phones.

for (const label of document.querySelectorAll("label[for]")) {
    if (!label.control) {
        const field = label.closest(".pf-v5-c-form__group")?.querySelector("input:not([type=hidden])");
        if (field) {
            label.htmlFor = field.id;
        }
    }
}

for (const field of document.querySelectorAll("input[aria-invalid='true']")) {
    const error = field.closest(".pf-v5-c-form__group")?.querySelector("[id^='input-error-']:not([id*='container'])");
    if (error) {
        field.setAttribute("aria-describedby", error.id);
    }
}

for (const field of document.querySelectorAll("[tabindex]:not([tabindex='0'])")) {
    field.removeAttribute("tabindex");
}

// A message without a header of its own is its own header; once is enough.
const message = document.querySelector("#kc-info-message > p.instruction");
if (message?.textContent.trim() === document.getElementById("kc-page-title").textContent.trim()) {
    message.hidden = true;
}

const barcode = document.getElementById("kc-totp-secret-qr-code");
if (barcode) {
    barcode.alt = barcode.previousElementSibling.textContent;
}

for (const field of document.querySelectorAll("#username, #email")) {
    field.autocapitalize = "none";
    field.spellcheck = false;
    field.inputMode = "email"; // letters, and @ without a detour; a user name may be typed on it as well
}
