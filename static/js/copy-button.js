// <copy-button from="selector">: copies the text of the nearest figure's code, or of `from` within the nearest article.
async function write(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text)
  const area = Object.assign(document.createElement("textarea"), { value: text }) // plain http off loopback has no clipboard API
  document.body.append(area)
  area.select()
  const done = document.execCommand("copy")
  area.remove()
  if (!done) throw new Error("The browser did not copy.")
}

class CopyButton extends HTMLElement {
  connectedCallback() {
    if (this.button) return
    this.button = document.createElement("button")
    this.button.type = "button"
    this.label("Copy")
    this.button.addEventListener("click", () => this.copy())
    this.replaceChildren(this.button)
  }

  get source() {
    const selector = this.getAttribute("from")
    return selector ? this.closest("article")?.querySelector(selector) : this.closest("figure")?.querySelector("code")
  }

  async copy() {
    try {
      await write(this.source.textContent)
      this.label("Copied")
    } catch {
      this.label("Not copied")
    }
    setTimeout(() => this.label("Copy"), 2000)
  }

  label(text) {
    this.button.textContent = text
  }
}

customElements.define("copy-button", CopyButton)
