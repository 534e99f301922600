// <command-palette>: Ctrl/Cmd-K lists every [data-command] of the page, by its value or its .title; choosing one clicks it.
const nameOf = (source) => source.dataset.command || source.querySelector(".title").textContent

class CommandPalette extends HTMLElement {
  connectedCallback() {
    this.dialog = this.querySelector("dialog")
    this.input = this.querySelector("input")
    this.list = this.querySelector("[role=listbox]")
    document.addEventListener("keydown", (event) => (event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k" && this.open(event))
    this.input.addEventListener("input", () => this.fill())
    this.input.addEventListener("keydown", (event) => this.move(event))
    this.list.addEventListener("click", (event) => this.choose(event.target.closest("[role=option]")))
    this.dialog.addEventListener("click", (event) => event.target === this.dialog && this.dialog.close())
  }

  open(event) {
    event.preventDefault()
    if (this.dialog.open) return this.dialog.close()
    this.input.value = ""
    this.fill()
    this.dialog.showModal()
  }

  fill() {
    const words = this.input.value.toLowerCase().split(/\s+/)
    const fitting = [...document.querySelectorAll("[data-command]")].filter((one) => words.every((word) => nameOf(one).toLowerCase().includes(word)))
    this.list.replaceChildren(...fitting.map((one, n) => this.option(one, n)))
    this.querySelector(".none").hidden = fitting.length > 0
    this.mark(this.list.firstElementChild)
  }

  option(source, n) {
    const option = Object.assign(document.createElement("li"), { id: `palette-${n}`, role: "option", textContent: nameOf(source), source })
    const icon = source.querySelector("svg")
    if (icon) option.prepend(icon.cloneNode(true))
    return option
  }

  mark(option) {
    for (const one of this.list.children) one.ariaSelected = String(one === option)
    this.input.setAttribute("aria-activedescendant", option?.id ?? "")
    option?.scrollIntoView({ block: "nearest" })
  }

  move(event) {
    const options = [...this.list.children]
    const now = options.findIndex((one) => one.ariaSelected === "true")
    if (event.key === "Enter") this.choose(options[now], event)
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key]
    if (!step || !options.length) return
    event.preventDefault()
    this.mark(options.at((now + step) % options.length))
  }

  choose(option, event) {
    event?.preventDefault()
    if (!option) return
    this.dialog.close()
    option.source.click()
  }
}

customElements.define("command-palette", CommandPalette)
