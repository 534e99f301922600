"""What axe finds wrong with a page, for those who can't see it, or see it in another light."""

from functools import cache
from pathlib import Path
from typing import Any

from playwright.async_api import Page

from tests.journeys.device import Device

AXE = Path(__file__).parents[1] / "vendor/axe-4.14.1.min.js"
SIZES = ({"width": 1280, "height": 800}, {"width": 390, "height": 780})
# A theme changes colours and nothing else. Another size shows other buttons, so all rules are asked there again.
RULES = {"light": {}, "dark": {"runOnly": {"type": "rule", "values": ["color-contrast"]}}}
RUN = """async rules => {
  for (const _ of [1, 2]) await new Promise(requestAnimationFrame) // colours have settled
  const { violations } = await axe.run({resultTypes: ['violations'], ...rules})
  const widest = Math.max(document.documentElement.scrollWidth, document.querySelector('main').getBoundingClientRect().right)
  if (widest > innerWidth + 1) return [`${widest} px wide`]
  return violations.flatMap(one => one.nodes.map(node => `${one.id}: ${node.target} ${node.failureSummary}`))
}"""


@cache
def source() -> str:
    return AXE.read_text()


async def violations(page: Page) -> list[str]:
    """What it finds, wide and narrow, light and dark, and what reaches beyond the window. The page must show itself as
    the device does."""
    await page.evaluate(source())
    found: list[str] = []
    for size in SIZES:
        await page.set_viewport_size(size)  # type: ignore[arg-type]
        for theme, rules in RULES.items():
            await page.emulate_media(color_scheme=theme, reduced_motion="reduce")  # type: ignore[arg-type]
            complaints: list[Any] = await page.evaluate(RUN, rules)
            found += [f"{page.url} {size['width']} {theme}: {complaint}" for complaint in complaints]
    return found


async def finds_nothing(device: Device) -> None:
    found = await violations(device.page)
    assert not found, "\n".join(found)
