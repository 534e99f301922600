// <local-time datetime="ISO" format="clock|short|day">: a moment in the reader's zone, or the device's; the exact one on hover.
const inZone = (options) => {
  try {
    return new Intl.DateTimeFormat(undefined, { ...options, timeZone: document.documentElement.dataset.timeZone })
  } catch {
    return new Intl.DateTimeFormat(undefined, options) // a zone that this browser does not know
  }
}
const clock = inZone({ hour: "2-digit", minute: "2-digit" })
const day = inZone({ day: "numeric", month: "short" })
const dayOfYear = inZone({ day: "numeric", month: "short", year: "numeric" })
const exact = inZone({ dateStyle: "full", timeStyle: "long" })
const ago = new Intl.RelativeTimeFormat(undefined, { style: "short" })
const shortAgo = new Intl.RelativeTimeFormat(undefined, { style: "narrow" })
const all = new Set()

function words(at, format) {
  const now = new Date()
  const minutes = Math.floor((now - at) / 60_000)
  const today = dayOfYear.format(at) === dayOfYear.format(now)
  if (format === "clock") return clock.format(at)
  if (format === "day") return dayOfYear.format(at)
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
