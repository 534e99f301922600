// <live-connection for="stream id">: says so when the page's stream has been away for five seconds, and when the sign-in has
// ended; tells the page with `connection:back` that it may go on.
const PATIENCE = 5000
const SILENCE = 45_000 // three of the server's `beat` events missing: the connection is dead without having said so

class LiveConnection extends HTMLElement {
  connectedCallback() {
    this.stream = document.getElementById(this.getAttribute("for"))
    if (!this.stream) return
    const on = (name, act) => this.stream.addEventListener(name, act)
    on("htmx:sse:after:connection", ({ detail }) => this.back(detail.connection))
    on("htmx:sse:before:connection", ({ detail }) => detail.connection.attempt && this.away())
    on("htmx:sse:before:message", () => (this.heard = Date.now()))
    on("beat", () => (this.beats = true))
    for (const name of ["htmx:sse:error", "htmx:error", "htmx:response:error"]) on(name, ({ detail }) => this.failed(detail))
    on("signed-out", () => this.end())
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
    if (this.beats && !document.hidden && Date.now() - this.heard > SILENCE) this.connection?.reader?.cancel()
  }

  show(state) {
    const line = this.firstElementChild
    line.hidden = !state
    line.querySelector("[data-lost]").hidden = state !== "lost"
    line.querySelector("[data-ended]").hidden = state !== "ended"
  }
}

customElements.define("live-connection", LiveConnection)
