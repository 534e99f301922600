// <follow-bottom items="selector" hold="selector" jump="id">: a column-reverse scroller, so that 0 is its end and the browser itself stays
// there. Once the reader goes up, what they look at stays where it is, and the button named by `jump` counts what is new.
const NEAR = 100

// The words at the top of the view (what `hold` selects in an item, since a day line may come or go above them): growth before
// or after must not move them.
function lookedAt(scroller) {
  const { left, width, top } = scroller.getBoundingClientRect()
  const itemAt = (y) => document.elementFromPoint(left + width / 2, y)?.closest(scroller.getAttribute("items"))
  const item = itemAt(top + 4) ?? itemAt(top + 28) ?? itemAt(top + 52)
  return item?.querySelector(scroller.getAttribute("hold")) ?? item
}

class FollowBottom extends HTMLElement {
  connectedCallback() {
    this.following = true
    this.last = this.scrollTop
    this.jump = document.getElementById(this.getAttribute("jump"))
    this.jump?.addEventListener("click", () => this.follow())
    this.addEventListener("scroll", () => this.scrolled(), { passive: true })
    this.addEventListener("wheel", (event) => event.deltaY < 0 && this.letGo(), { passive: true })
    this.sizes = new ResizeObserver(() => this.resized())
    this.sizes.observe(this.firstElementChild)
  }

  follow() {
    this.following = true
    this.resized()
  }

  letGo() {
    if (!this.following || this.scrollHeight <= this.clientHeight) return
    this.following = false
    this.seen = [...this.querySelectorAll(this.getAttribute("items"))].at(-1)?.id
    this.hold()
  }

  // Words may have grown since the last frame: they are put back before the reader's own step is measured.
  scrolled() {
    const step = this.scrollTop - this.last
    if (!step) return // it was ours
    if (this.following && step < 0) this.letGo()
    else if (step > 0 && this.scrollTop > -NEAR) this.following = true
    else if (!this.following) this.putBack(step)
    this.last = this.scrollTop
    if (!this.following) this.hold()
    this.show()
  }

  hold() {
    this.held = lookedAt(this)
    this.heldTop = this.held?.getBoundingClientRect().top
  }

  resized() {
    if (this.following) this.scrollTop = 0
    else this.putBack()
    this.last = this.scrollTop
    this.show()
  }

  putBack(step = 0) {
    if (this.held?.isConnected) this.scrollTop += this.held.getBoundingClientRect().top - this.heldTop + step
  }

  show() {
    if (!this.jump) return
    const items = this.following ? [] : [...this.querySelectorAll(this.getAttribute("items"))]
    const fresh = items.length && items.length - 1 - items.findIndex((item) => item.id === this.seen)
    this.jump.hidden = this.following || this.scrollTop > -NEAR && !fresh
    this.jump.querySelector(".count").textContent = fresh > 0 && fresh < items.length ? fresh : ""
  }
}

customElements.define("follow-bottom", FollowBottom)
