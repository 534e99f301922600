// <text-counter>: how much the text area before it holds of what it takes.
class TextCounter extends HTMLElement {
  connectedCallback() {
    const area = this.previousElementSibling.querySelector("textarea")
    const show = () => (this.textContent = `${area.value.length.toLocaleString()} of ${area.maxLength.toLocaleString()}`)
    area.addEventListener("input", show)
    show()
  }
}

customElements.define("text-counter", TextCounter)
