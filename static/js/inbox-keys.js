// <inbox-keys>: j and k go through the open requests, Enter into one, e to its timeline. When it is settled, the next has the focus.
const WRITING = "textarea, select, [contenteditable], input:not([type=radio], [type=checkbox])"

class InboxKeys extends HTMLElement {
  connectedCallback() {
    document.addEventListener("keydown", (event) => this.pressed(event))
    this.addEventListener("focusin", ({ target }) => (this.left = this.cards.indexOf((this.card = target.closest("article")))))
    new MutationObserver(() => this.goOn()).observe(this, { childList: true, subtree: true })
  }

  get cards() {
    return [...this.querySelectorAll("article[data-open]")]
  }

  pressed(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || localStorage.getItem("parley:single-keys") === "off") return
    if (event.target.closest(WRITING) || document.querySelector("dialog[open]")) return
    const card = event.target.closest("article[data-open]"), at = this.cards.indexOf(card)
    if (event.key === "j" || event.key === "k") this.cards[at + (event.key === "j" ? 1 : -1)]?.focus()
    else if (event.key === "Enter" && event.target === card) card.querySelector("form :is(textarea, input:not([type=hidden]), button)").focus()
    else if (event.key === "e") card?.querySelector(".short-code").click()
    else return
    event.preventDefault()
  }

  goOn() {
    if (!this.card || document.activeElement !== document.body || this.cards.some(({ id }) => id === this.card.id)) return
    this.cards[Math.min(this.left, this.cards.length - 1)]?.focus()
  }
}

customElements.define("inbox-keys", InboxKeys)
