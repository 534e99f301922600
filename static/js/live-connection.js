// <live-connection for="stream id">: says so when the page's stream (or socket) has been away for five seconds, and when the sign-in
// has ended; tells the page with `connection:back` that it may go on.
const PATIENCE = 5000
const SILENCE = 45_000 // three of the server's `beat` events missing: the connection is dead without having said so

class LiveConnection extends HTMLElement {
  connectedCallback() {
    this.stream = document.getElementById(this.getAttribute("for"))
    if (!this.stream) return
    const on = (act, ...names) => names.forEach((name) => this.stream.addEventListener(name, ({ detail }) => act(detail)))
    on(({ connection }) => this.back(connection), "htmx:sse:after:connection", "socket:joined")
    on(({ connection }) => connection.attempt && this.away(), "htmx:sse:before:connection", "htmx:ws:before:connection")
    on(() => (this.heard = Date.now()), "htmx:sse:before:message", "htmx:ws:before:message:incoming")
    on(() => (this.beats = true), "beat")
    on((detail) => this.failed(detail ?? {}), "htmx:sse:error", "htmx:ws:error", "htmx:error", "htmx:response:error")
    on(() => this.end(), "signed-out")
    on(() => location.reload(), "deleted")
    addEventListener("online", () => this.connection?.delayCanceller?.())
    this.timer = setInterval(() => this.check(), 5000)
  }

  disconnectedCallback() {
    clearInterval(this.timer)
  }

  away() {
    if (!this.patience && !document.hidden) this.patience = setTimeout(() => this.show("lost"), PATIENCE)
  }

  back(connection) {
    this.connection = connection
    this.heard = Date.now()
    clearTimeout(this.patience)
    this.patience = null
    this.show(null)
    document.dispatchEvent(new CustomEvent("connection:back"))
  }

  failed({ status, ctx }) {
    if ((status ?? ctx?.response?.status) === 401) this.end()
    else this.away()
  }

  end() {
    clearTimeout(this.patience)
    this.show("ended")
    setTimeout(() => this.stream.remove()) // its watchdog would knock on a closed door every five seconds
  }

  check() {
    if (!this.beats || document.hidden || Date.now() - this.heard < SILENCE) return
    this.connection?.reader?.cancel()
    this.connection?.socket?.close()
  }

  show(state) {
    const line = this.firstElementChild
    line.hidden = !state
    line.querySelector("[data-lost]").hidden = state !== "lost"
    line.querySelector("[data-ended]").hidden = state !== "ended"
  }
}

customElements.define("live-connection", LiveConnection)
