// <submit-on-enter data-focus>: Enter in the text area within sends its form, Shift+Enter breaks the line; not while an input
// method composes or a finger types. Grows the area where CSS cannot. data-focus: it has the focus at first, but for fingers.
class SubmitOnEnter extends HTMLElement {
  connectedCallback() {
    this.area = this.querySelector("textarea")
    this.area.addEventListener("keydown", (event) => this.pressed(event))
    if ("focus" in this.dataset && !matchMedia("(pointer: coarse)").matches) this.area.focus()
    if (CSS.supports("field-sizing", "content")) return
    this.area.addEventListener("input", () => this.grow())
    this.area.form.addEventListener("reset", () => setTimeout(() => this.grow()))
  }

  pressed(event) {
    if (event.key !== "Enter" || event.shiftKey || event.altKey || event.isComposing || event.keyCode === 229) return
    if (matchMedia("(pointer: coarse)").matches && !event.ctrlKey && !event.metaKey) return
    event.preventDefault()
    this.area.form.requestSubmit(this.area.form.querySelector("[data-send]"))
  }

  grow() {
    this.area.style.height = "auto"
    this.area.style.height = `${this.area.scrollHeight}px`
  }
}

customElements.define("submit-on-enter", SubmitOnEnter)
