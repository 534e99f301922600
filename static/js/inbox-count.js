// <inbox-count>: holds how much waits for the reader (nothing for nothing); the tab's title and icon say so too.
const icon = () => document.querySelector("link[rel=icon]")

class InboxCount extends HTMLElement {
  connectedCallback() {
    this.plain = icon().href
    this.changes = new MutationObserver(() => this.show())
    this.changes.observe(this, { childList: true, characterData: true, subtree: true })
    this.changes.observe(document.querySelector("title"), { childList: true })
    this.show()
  }

  disconnectedCallback() {
    this.changes.disconnect()
  }

  show() {
    const count = this.textContent.trim()
    const title = document.title.replace(/^\(\d+\) /, "")
    if (document.title !== (count ? `(${count}) ${title}` : title)) document.title = count ? `(${count}) ${title}` : title
    icon().href = count ? this.plain.replace(/parley(?=[.-])/, "parley-waiting") : this.plain
  }
}

customElements.define("inbox-count", InboxCount)
