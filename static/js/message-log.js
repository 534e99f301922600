// <message-log read="key" announcer="id">: marks its children with data-log-* attributes, which the style sheet shows:
// the day where one begins, who goes on speaking within five minutes, and where this visit's new entries start.
const TOGETHER = 5 * 60_000
const weekday = new Intl.DateTimeFormat(undefined, { weekday: "long", day: "numeric", month: "long" })
const withYear = new Intl.DateTimeFormat(undefined, { dateStyle: "long" })

function dayName(at) {
  const now = new Date()
  const days = Math.round((new Date(now).setHours(0, 0, 0, 0) - new Date(at).setHours(0, 0, 0, 0)) / 86_400_000)
  if (days < 2) return days < 1 ? "Today" : "Yesterday"
  return (at.getFullYear() === now.getFullYear() ? weekday : withYear).format(at)
}

function mark(item, name, value) {
  if (value === null) item.removeAttribute(name)
  else if (item.getAttribute(name) !== value) item.setAttribute(name, value)
}

class MessageLog extends HTMLElement {
  connectedCallback() {
    this.readKey = this.getAttribute("read") && `parley:read:${this.getAttribute("read")}`
    this.readBefore = this.readKey ? Number(localStorage.getItem(this.readKey) ?? Infinity) : Infinity
    this.newAt = [...this.children].find((item) => item.dataset.seq > this.readBefore)?.dataset.seq
    new MutationObserver(() => this.arrange()).observe(this, { childList: true })
    const states = new MutationObserver((changes) => changes.forEach((change) => this.changed(change)))
    states.observe(this, { subtree: true, attributeFilter: ["data-status"], attributeOldValue: true })
    this.arrange()
  }

  arrange() {
    let before = null
    for (const item of this.children) {
      const at = new Date(item.dataset.at)
      const sameDay = before && new Date(before.dataset.at).toDateString() === at.toDateString()
      const isNew = this.newAt && item.dataset.seq === this.newAt
      const goesOn = sameDay && !isNew && before.dataset.author === item.dataset.author &&
        before.dataset.name === item.dataset.name && at - new Date(before.dataset.at) < TOGETHER
      mark(item, "data-log-day", sameDay || isNaN(at) ? null : dayName(at))
      mark(item, "data-log-grouped", goesOn ? "" : null)
      mark(item, "data-log-new", isNew ? "New" : null)
      before = item
    }
    this.ariaBusy = String(this.querySelector(":scope > [data-status=streaming]") !== null)
    if (this.readKey && before?.dataset.seq) localStorage.setItem(this.readKey, before.dataset.seq)
  }

  changed({ target, oldValue }) {
    this.arrange()
    if (oldValue !== "streaming" || target.dataset.status === "streaming") return
    const said = target.querySelector(".prose")?.textContent.trim().slice(0, 500)
    document.getElementById(this.getAttribute("announcer")).textContent = `${target.dataset.name}: ${said}`
  }
}

customElements.define("message-log", MessageLog)
