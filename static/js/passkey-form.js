// <passkey-form kind="get|create" challenge="address" site="host" hidden>: shows its form where passkeys work, else what stands
// after it. Sending asks for a challenge, then the browser for a passkey, and sends on what that says.
const WORDS = {
  NotAllowedError: "Nothing was chosen, or it took too long.",
  InvalidStateError: "There is a passkey on this device already.",
  AbortError: "It was cancelled.",
}

class PasskeyForm extends HTMLElement {
  connectedCallback() {
    this.form = this.querySelector("form")
    const works = window.PublicKeyCredential?.parseRequestOptionsFromJSON && location.hostname === this.getAttribute("site")
    if (works) this.hidden = false
    else this.nextElementSibling?.removeAttribute("hidden")
    this.form.addEventListener("submit", (event) => this.sent(event))
  }

  async sent(event) {
    event.preventDefault()
    this.busy(true)
    try {
      const { options, challenge } = await this.challenge()
      const credential = await this.credential(options)
      this.form.elements.challenge.value = challenge
      this.form.elements.credential.value = JSON.stringify(credential)
      this.form.submit()
    } catch (error) {
      this.busy(false)
      this.querySelector("[role=alert]").textContent = WORDS[error.name] ?? error.message
    }
  }

  async challenge() {
    const body = new URLSearchParams(new FormData(this.form))
    const answer = await fetch(this.getAttribute("challenge"), { method: "POST", body })
    const told = await answer.json().catch(() => ({}))
    if (!answer.ok) throw new Error(told.error ?? "That did not work. Reload the page and try again.")
    return told
  }

  credential(options) {
    if (this.getAttribute("kind") === "create")
      return navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options) })
    return navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options) })
  }

  busy(busy) {
    this.querySelector("button").disabled = busy
    this.querySelector("[role=alert]").textContent = ""
  }
}

customElements.define("passkey-form", PasskeyForm)
