// <keep-unsent key="...">: what the form within has sent stays on this device until the server has it. A failed one says so
// in its bubble, with Retry; a connection that comes back tries again by itself. The same id twice is one message.
const idOf = (ctx) => ctx?.request?.body?.get?.("client_id")
const reasonIn = (html) => {
  const told = new DOMParser().parseFromString(html, "text/html").querySelector("[role=alert]")
  const parts = [...(told?.querySelectorAll("strong, p") ?? [])].map((part) => part.textContent.trim())
  return parts.join(": ") || told?.textContent.trim()
}
const bubbleOf = (id) => document.getElementById(`message-${id}`)

class KeepUnsent extends HTMLElement {
  connectedCallback() {
    this.key = `parley:unsent:${this.getAttribute("key")}`
    this.kept = JSON.parse(localStorage.getItem(this.key) ?? "{}")
    this.form = this.querySelector("form")
    this.composer = this.closest("chat-composer")
    this.addEventListener("submit", () => this.keep(this.form.elements.client_id.value, this.form.elements.text.value))
    this.addEventListener("htmx:before:response", (event) => this.answered(event))
    this.addEventListener("htmx:error", (event) => this.failed(idOf(event.detail.ctx), "Not sent."))
    this.addEventListener("htmx:response:error", ({ detail: { ctx } }) => this.failed(idOf(ctx), reasonIn(ctx.text) || "Not sent."))
    this.composer.log.addEventListener("click", (event) => this.clicked(event.target))
    document.addEventListener("connection:back", () => this.sendAgain())
    addEventListener("online", () => this.sendAgain())
    setTimeout(() => this.restore())
  }

  keep(id, text) {
    if (text === undefined) delete this.kept[id]
    else this.kept[id] = text
    localStorage.setItem(this.key, JSON.stringify(this.kept))
  }

  restore() {
    for (const [id, text] of Object.entries(this.kept)) {
      if (bubbleOf(id)?.dataset.seq) this.keep(id)
      else this.composer.show(id, text, "sending"), this.failed(id, "Not sent.")
    }
  }

  answered(event) {
    const { raw } = event.detail.ctx.response
    const goesTo = raw.headers.get("HX-Redirect") ?? raw.url
    if (raw.ok && !goesTo.includes("/sign-in")) this.keep(idOf(event.detail.ctx))
    if (!raw.redirected) return
    event.preventDefault()
    location.assign(raw.url)
  }

  failed(id, reason) {
    const bubble = bubbleOf(id)
    if (!bubble || bubble.dataset.seq) return
    bubble.dataset.status = "unsent"
    bubble.querySelector(".reason").textContent = reason
  }

  sendAgain(only) {
    for (const [id, text] of Object.entries(this.kept)) {
      if (bubbleOf(id)?.dataset.status !== "unsent" || only && only !== id) continue
      bubbleOf(id).dataset.status = "sending"
      htmx.ajax("POST", this.form.getAttribute("action"), { source: this.form, values: { text, client_id: id } })
    }
  }

  clicked(target) {
    const id = target.closest("[data-status=unsent]")?.id.slice("message-".length)
    if (!id) return
    if (target.closest("[data-resend]")) this.sendAgain(id)
    else if (target.closest("[data-discard]")) this.keep(id), bubbleOf(id).remove()
  }
}

customElements.define("keep-unsent", KeepUnsent)
