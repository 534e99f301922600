// <own-zone>: while no time zone is chosen in the select within, it shows the device's.
class OwnZone extends HTMLElement {
  connectedCallback() {
    const select = this.querySelector("select")
    const zone = Intl.DateTimeFormat().resolvedOptions().timeZone
    if (select?.value === "" && [...select.options].some((option) => option.value === zone)) select.value = zone
  }
}

customElements.define("own-zone", OwnZone)
