// <local-time datetime="ISO" format="clock|short">: a moment in the reader's zone; the exact one on hover.
const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" })
const day = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" })
const dayOfYear = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", year: "numeric" })
const exact = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "long" })
const ago = new Intl.RelativeTimeFormat(undefined, { style: "short" })
const shortAgo = new Intl.RelativeTimeFormat(undefined, { style: "narrow" })
const all = new Set()

function words(at, format) {
  const now = new Date()
  const minutes = Math.floor((now - at) / 60_000)
  const today = at.toDateString() === now.toDateString()
  if (format === "clock") return clock.format(at)
  if (minutes >= 0 && minutes < 60) return minutes ? (format === "short" ? shortAgo : ago).format(-minutes, "minute") : "now"
  if (today) return clock.format(at)
  const date = (at.getFullYear() === now.getFullYear() ? day : dayOfYear).format(at)
  return format === "short" ? date : `${date}, ${clock.format(at)}`
}

class LocalTime extends HTMLElement {
  static observedAttributes = ["datetime"]

  connectedCallback() {
    all.add(this)
    this.show()
  }

  disconnectedCallback() {
    all.delete(this)
  }

  attributeChangedCallback() {
    if (this.isConnected) this.show()
  }

  show() {
    const at = new Date(this.getAttribute("datetime"))
    if (isNaN(at)) return
    const text = words(at, this.getAttribute("format"))
    if (this.textContent !== text) this.textContent = text
    this.title = exact.format(at)
  }
}

customElements.define("local-time", LocalTime)
setInterval(() => all.forEach((one) => one.show()), 30_000)
