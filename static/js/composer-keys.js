// <composer-keys log="id" stop="form id" name="author">: Up-arrow in an empty composer goes back to the author's last words, Esc
// stops. Words being edited where they stand come into the composer when they can't be edited there any more.
class ComposerKeys extends HTMLElement {
  connectedCallback() {
    this.area = this.querySelector("textarea")
    this.log = document.getElementById(this.getAttribute("log"))
    this.area.addEventListener("keydown", (event) => event.key === "ArrowUp" && this.recall(event))
    this.stopping = (event) => event.key === "Escape" && this.stop(event)
    document.addEventListener("keydown", this.stopping)
    this.log.addEventListener("htmx:after:request", ({ target, detail }) => detail.ctx.response.raw.ok && this.close(target.closest("details.edit")))
    this.removals = new MutationObserver((changes) => changes.forEach(({ removedNodes }) => removedNodes.forEach((node) => this.rescue(node))))
    this.removals.observe(this.log, { childList: true, subtree: true })
  }

  disconnectedCallback() {
    document.removeEventListener("keydown", this.stopping)
    this.removals.disconnect()
  }

  // Words that still wait are edited where they stand; those already read come back to be said anew, those never sent to be
  // said at last.
  recall(event) {
    const mine = `[data-author=person][data-name="${CSS.escape(this.getAttribute("name"))}"]`
    const last = [...this.log.querySelectorAll(`.message${mine}:not(:has(> .gone))`)].at(-1)
    if (this.area.value || event.isComposing || !last || last.dataset.status === "sending") return
    event.preventDefault()
    const edit = last.querySelector("details.edit")
    if (edit) {
      edit.addEventListener("toggle", () => edit.querySelector("textarea").focus(), { once: true })
      edit.open = true
    } else {
      this.take(last.querySelector(".words").textContent)
      if (last.dataset.status === "unsent") last.querySelector("[data-discard]").click()
    }
  }

  take(words) {
    this.area.value = words
    this.area.dispatchEvent(new Event("input", { bubbles: true }))
  }

  rescue(node) {
    const edited = node.querySelector?.("details.edit[open] textarea")
    if (edited && edited.value !== edited.defaultValue && !this.area.value) this.take(edited.value)
  }

  stop(event) {
    const editing = event.target.closest?.("details.edit")
    if (editing) this.close(editing)
    else if (!event.isComposing && !document.querySelector("dialog[open], :popover-open") && document.querySelector("[data-busy]")) {
      document.getElementById(this.getAttribute("stop"))?.requestSubmit()
    }
  }

  close(editing) {
    if (!editing) return
    editing.open = false
    this.area.focus()
  }
}

customElements.define("composer-keys", ComposerKeys)
