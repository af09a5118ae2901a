`e p`e API_KEY``services:
.`$KEd
node ````````
p.` ```````
p.` ``﻿` 