// <keep-draft key="...">: keeps the words of the text area within, on this device, until its form is reset.
class KeepDraft extends HTMLElement {
  connectedCallback() {
    this.key = `parley:draft:${this.getAttribute("key")}`
    const area = this.querySelector("textarea")
    const kept = localStorage.getItem(this.key)
    if (kept && !area.value) {
      area.value = kept
      area.dispatchEvent(new Event("input", { bubbles: true }))
    }
    area.addEventListener("input", () => this.keep(area.value))
    area.form.addEventListener("reset", () => this.keep(""))
  }

  keep(words) {
    if (words) localStorage.setItem(this.key, words)
    else localStorage.removeItem(this.key)
  }
}

customElements.define("keep-draft", KeepDraft)
