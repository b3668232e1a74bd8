/* On a phone the row of rooms is wider than the screen: the one that is open is brought into sight. */

"use strict";

document.querySelector(".rooms [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
