// <chat-composer for="log" bubble="template">: what is sent stands in the log at once, under an id made here; the server's
// version takes its place, whether the reply or the stream brings it first.
const newId = () => crypto.randomUUID?.() ?? // plain http off loopback has only getRandomValues
  [4, 2, 2, 2, 6].map((n) => [...crypto.getRandomValues(new Uint8Array(n))].map((b) => b.toString(16).padStart(2, "0")).join("")).join("-")

class ChatComposer extends HTMLElement {
  connectedCallback() {
    this.form = this.querySelector("form")
    this.form.noValidate = true // a second sending has its words elsewhere than in the field
    this.log = document.getElementById(this.getAttribute("for"))
    this.addEventListener("submit", (event) => this.prepare(event), true)
    this.addEventListener("submit", () => this.sent())
    this.addEventListener("htmx:before:swap", (event) => this.arrived(event.detail.ctx) && event.preventDefault())
  }

  prepare(event) {
    const { text, client_id } = this.form.elements
    client_id.value = newId()
    if (text.value.trim()) return
    event.preventDefault()
    event.stopImmediatePropagation()
  }

  sent() {
    const { text, client_id } = this.form.elements
    this.show(client_id.value, text.value, "sending")
    document.querySelector("follow-bottom")?.follow()
    this.form.reset()
    text.focus({ preventScroll: true })
  }

  show(id, text, status) {
    const bubble = document.getElementById(this.getAttribute("bubble")).content.firstElementChild.cloneNode(true)
    bubble.id = `message-${id}`
    bubble.dataset.at = new Date().toISOString()
    bubble.dataset.status = status
    bubble.querySelector(".words").textContent = text
    this.log.append(bubble)
  }

  arrived(ctx) {
    const id = ctx.request.body?.get?.("client_id")
    return document.getElementById(`message-${id}`)?.dataset.seq
  }
}

customElements.define("chat-composer", ChatComposer)
