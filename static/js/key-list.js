// <key-list>: "?" opens the dialog within, "/" goes to the composer. The checkbox within switches single keys off, on this device.
const KEY = "parley:single-keys"

class KeyList extends HTMLElement {
  connectedCallback() {
    this.dialog = this.querySelector("dialog")
    this.choice = this.querySelector("[data-single-keys]")
    this.choice.checked = localStorage.getItem(KEY) !== "off"
    this.choice.addEventListener("change", () => localStorage.setItem(KEY, this.choice.checked ? "on" : "off"))
    this.pressing = (event) => this.pressed(event)
    document.addEventListener("keydown", this.pressing)
    document.addEventListener("keys:show", () => this.dialog.showModal())
  }

  disconnectedCallback() {
    document.removeEventListener("keydown", this.pressing)
  }

  pressed(event) {
    const typing = event.target.closest?.("input, textarea, select, [contenteditable]")
    if (typing || event.ctrlKey || event.metaKey || event.altKey || !this.choice.checked || document.querySelector("dialog[open]")) return
    const act = { "?": () => this.dialog.showModal(), "/": () => document.querySelector("#text")?.focus() }[event.key]
    if (!act) return
    event.preventDefault()
    act()
  }
}

customElements.define("key-list", KeyList)
