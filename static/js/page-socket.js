// <page-socket hx-ws:connect="...?revision=n">: hx-ws swaps the `content` of its frames in; this keeps its address at the last
// `revision` that was, so that it goes on there after a cut. What comes as a `signal`, and that it was let in, are events.
class PageSocket extends HTMLElement {
  connectedCallback() {
    this.addEventListener("htmx:ws:before:connection", ({ detail }) => this.point(detail.connection))
    this.addEventListener("htmx:ws:after:connection", () => (this.joined = false))
    this.addEventListener("htmx:ws:after:message:incoming", ({ detail }) => this.heard(detail))
    addEventListener("online", () => this.hasten())
  }

  heard({ connection, message }) {
    const { revision, signal } = JSON.parse(message.data)
    if (signal) return this.tell(signal)
    if (!this.joined) this.tell("socket:joined", { connection })
    this.joined = true
    this.revision = revision ?? this.revision
    this.point(connection)
  }

  // The network is back: what waits for its next try tries now, as when the page comes to the front.
  hasten() {
    const { timer, visibilityHandler } = this._htmx?.ws?.connection ?? {}
    clearTimeout(timer)
    visibilityHandler?.()
  }

  tell(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }))
  }

  point(connection) {
    if (this.revision === undefined) return
    const address = new URL(connection.url)
    address.searchParams.set("revision", this.revision)
    connection.url = address.href
  }
}

customElements.define("page-socket", PageSocket)
