// <failure-note>: says why the server refused what a button asked for. The composer's words have their own place for that.
const LASTS = 12_000

class FailureNote extends HTMLElement {
  connectedCallback() {
    document.addEventListener("htmx:response:error", (event) => this.refused(event))
  }

  refused({ target, detail: { ctx } }) {
    if (target.closest?.("keep-unsent, #stream")) return
    const told = new DOMParser().parseFromString(ctx.text ?? "", "text/html").querySelector("[role=alert]")
    if (!told) return
    this.replaceChildren(told)
    clearTimeout(this.timer)
    this.timer = setTimeout(() => this.replaceChildren(), LASTS)
  }
}

customElements.define("failure-note", FailureNote)
