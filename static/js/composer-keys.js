// <composer-keys stop="form id" name="author">: Up-arrow in an empty composer goes back to the author's last words, Esc stops.
class ComposerKeys extends HTMLElement {
  connectedCallback() {
    this.area = this.querySelector("textarea")
    this.area.addEventListener("keydown", (event) => event.key === "ArrowUp" && this.recall(event))
    this.stopping = (event) => event.key === "Escape" && this.stop(event)
    document.addEventListener("keydown", this.stopping)
  }

  disconnectedCallback() {
    document.removeEventListener("keydown", this.stopping)
  }

  // Words that still wait are edited where they stand; those already read come back to be said anew, those never sent to be
  // said at last.
  recall(event) {
    const mine = `[data-author=person][data-name="${CSS.escape(this.getAttribute("name"))}"]`
    const last = [...document.querySelectorAll(`.message${mine}:not(:has(> .gone))`)].at(-1)
    if (this.area.value || event.isComposing || !last) return
    event.preventDefault()
    const edit = last.querySelector("details.edit")
    if (edit) {
      edit.addEventListener("toggle", () => edit.querySelector("textarea").focus(), { once: true })
      edit.open = true
    } else {
      this.area.value = last.querySelector(".words").textContent
      this.area.dispatchEvent(new Event("input", { bubbles: true }))
      if (last.dataset.status === "unsent") last.querySelector("[data-discard]").click()
    }
  }

  stop(event) {
    const editing = event.target.closest?.("details.edit")
    if (editing) {
      editing.open = false
      this.area.focus()
    } else if (!event.isComposing && !document.querySelector("dialog[open], :popover-open") && document.querySelector("[data-busy]")) {
      document.getElementById(this.getAttribute("stop"))?.requestSubmit()
    }
  }
}

customElements.define("composer-keys", ComposerKeys)
