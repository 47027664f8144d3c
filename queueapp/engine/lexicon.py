"""The words the engine understands, and what each stands for. Data only: add words here.

Keys are lower-case and singular, one or two words. Several words share a meaning by sharing a value.
"""

from queueapp.engine.colour import RGB

COLOURS: dict[str, RGB] = {
    "red": (214, 48, 49), "crimson": (176, 22, 50), "scarlet": (226, 46, 34), "ruby": (160, 17, 62),
    "maroon": (110, 22, 38), "burgundy": (112, 16, 46), "vermilion": (227, 66, 52),
    "rust": (176, 74, 34), "coral": (255, 117, 92), "salmon": (250, 138, 118),
    "orange": (245, 130, 32), "amber": (255, 183, 3), "apricot": (251, 182, 124),
    "peach": (255, 196, 158), "tangerine": (242, 112, 34), "copper": (184, 108, 62),
    "bronze": (166, 116, 52), "brown": (120, 78, 48), "chocolate": (92, 56, 36),
    "gold": (226, 172, 48), "golden": (232, 178, 56), "mustard": (214, 164, 38),
    "yellow": (250, 208, 48), "lemon": (250, 228, 88), "ochre": (204, 134, 44), "sand": (224, 196, 150),
    "lime": (164, 208, 52), "green": (60, 150, 84), "emerald": (20, 148, 104), "jade": (34, 154, 116),
    "olive": (120, 124, 52), "mint": (150, 222, 190), "sage": (150, 172, 140),
    "teal": (16, 132, 136), "turquoise": (50, 196, 190), "cyan": (46, 198, 224), "aqua": (88, 208, 214),
    "blue": (38, 92, 178), "azure": (48, 136, 222), "navy": (22, 38, 88), "cobalt": (24, 72, 170),
    "sapphire": (20, 68, 156), "cerulean": (42, 130, 186), "indigo": (66, 48, 146),
    "violet": (126, 78, 196), "purple": (118, 56, 160), "lavender": (180, 162, 226),
    "lilac": (198, 166, 214), "plum": (116, 46, 106), "mauve": (176, 134, 172),
    "magenta": (208, 36, 140), "fuchsia": (226, 48, 152), "pink": (244, 140, 176), "rose": (232, 108, 136),
    "white": (244, 243, 238), "ivory": (246, 240, 222), "cream": (248, 236, 208),
    "silver": (188, 196, 204), "grey": (132, 138, 146), "gray": (132, 138, 146),
    "charcoal": (52, 56, 64), "black": (22, 22, 28), "beige": (222, 206, 178),
}  # fmt: skip

TIMES: dict[str, str] = {
    "dawn": "dawn", "sunrise": "dawn", "daybreak": "dawn", "morning": "dawn", "first light": "dawn",
    "day": "day", "noon": "day", "midday": "day", "afternoon": "day", "sunny": "day", "daylight": "day",
    "summer": "day", "spring": "day", "blue sky": "day", "bright": "day",
    "golden hour": "golden", "autumn": "golden", "fall": "golden", "warm": "golden",
    "sunset": "sunset", "sundown": "sunset", "evening": "sunset",
    "dusk": "dusk", "twilight": "dusk", "blue hour": "dusk", "nightfall": "dusk",
    "night": "night", "midnight": "night", "moonlit": "night", "moonlight": "night", "starry": "night",
    "nocturnal": "night", "dark": "night",
}  # fmt: skip

WEATHER: dict[str, str] = {
    "rain": "rain", "rainy": "rain",
    "raining": "rain", "drizzle": "rain", "shower": "rain", "monsoon": "rain",
    "snow": "snow", "snowy": "snow", "snowfall": "snow", "snowing": "snow", "blizzard": "snow",
    "winter": "snow", "frozen": "snow", "arctic": "snow", "icy": "snow", "christmas": "snow",
    "fog": "fog", "foggy": "fog", "mist": "fog", "misty": "fog", "haze": "fog", "hazy": "fog",
    "storm": "storm", "stormy": "storm", "thunder": "storm", "thunderstorm": "storm",
    "lightning": "storm", "tempest": "storm", "hurricane": "storm",
    "cloud": "clouds", "cloudy": "clouds", "overcast": "clouds", "windy": "clouds",
    "clear": "clear", "cloudless": "clear", "calm": "calm", "still": "calm", "quiet": "calm",
    "aurora": "aurora", "borealis": "aurora", "northern light": "aurora", "polar light": "aurora",
    "rainbow": "rainbow", "firefly": "fireflies", "fireflies": "fireflies", "ember": "fireflies",
    "lantern": "fireflies",
}  # fmt: skip

PLACES: dict[str, str] = {
    "sea": "sea", "ocean": "sea", "coast": "sea", "bay": "sea", "harbor": "sea", "harbour": "sea",
    "shore": "sea", "wave": "sea", "seascape": "sea", "cliff": "sea", "underwater": "sea",
    "beach": "beach", "lagoon": "beach", "tropical": "beach", "island": "island", "isle": "island",
    "archipelago": "island", "lake": "lake", "pond": "lake", "fjord": "lake", "reflection": "lake",
    "river": "river", "stream": "river", "creek": "river", "canal": "river", "waterfall": "river",
    "mountain": "mountains", "alp": "mountains", "peak": "mountains", "summit": "mountains",
    "ridge": "mountains", "valley": "mountains", "himalaya": "mountains", "volcano": "mountains",
    "glacier": "mountains", "landscape": "mountains",
    "forest": "forest", "wood": "forest", "jungle": "forest", "pine": "forest", "taiga": "forest",
    "woodland": "forest", "grove": "forest",
    "city": "city", "skyline": "city", "town": "city", "street": "city", "downtown": "city",
    "metropolis": "city", "skyscraper": "city", "cityscape": "city", "manhattan": "city", "tokyo": "city",
    "cyberpunk": "city", "office": "city", "village": "village",
    "desert": "desert", "dune": "desert", "sahara": "desert", "canyon": "desert", "mars": "desert",
    "field": "field", "meadow": "field", "hill": "field", "prairie": "field", "farm": "field",
    "garden": "field", "countryside": "field", "grass": "field", "park": "field", "pasture": "field",
    "wheat": "field", "vineyard": "field",
    "space": "space", "galaxy": "space", "cosmos": "space", "nebula": "space", "universe": "space",
    "cosmic": "space", "orbit": "space", "milky way": "space",
    "sky": "sky", "blue sky": "sky",
}  # fmt: skip

THINGS: dict[str, str] = {
    "lighthouse": "lighthouse", "beacon": "lighthouse", "tree": "tree", "oak": "tree", "maple": "tree",
    "cherry": "blossom", "blossom": "blossom", "sakura": "blossom", "fir": "fir", "palm": "palm",
    "house": "house", "cottage": "house", "cabin": "house", "hut": "house", "home": "house", "barn": "house",
    "village": "house",
    "boat": "boat", "sailboat": "boat", "yacht": "boat", "sail": "boat", "ship": "boat", "canoe": "boat",
    "moon": "moon", "sun": "sun", "star": "stars", "constellation": "stars",
    "bird": "birds", "seagull": "birds", "gull": "birds", "crow": "birds", "geese": "birds", "eagle": "birds",
    "castle": "castle", "fortress": "castle", "palace": "castle", "tower": "castle",
    "bridge": "bridge", "robot": "robot", "android": "robot", "machine": "robot",
    "cat": "cat", "kitten": "cat", "dog": "dog", "puppy": "dog", "corgi": "dog", "fox": "fox", "wolf": "wolf",
    "flower": "flowers", "tulip": "flowers", "poppy": "flowers", "poppies": "flowers", "daisy": "flowers",
    "sunflower": "flowers", "wildflower": "flowers", "daisies": "flowers",
    "balloon": "balloon", "rocket": "rocket", "spaceship": "rocket", "spacecraft": "rocket",
    "planet": "planet", "saturn": "planet", "jupiter": "planet", "earth": "planet",
    "windmill": "windmill", "tent": "tent", "camp": "tent", "cactus": "cactus", "cacti": "cactus",
    "person": "person", "man": "person", "woman": "person", "girl": "person", "boy": "person",
    "hiker": "person", "astronaut": "person", "wanderer": "person", "traveler": "person",
    "whale": "whale", "fish": "fish", "deer": "deer", "stag": "deer", "car": "car", "train": "train",
    "mushroom": "mushroom",
}  # fmt: skip

STYLES: dict[str, str] = {
    "pattern": "pattern", "geometric": "pattern", "geometry": "pattern", "mosaic": "pattern",
    "tile": "pattern", "tiled": "pattern", "tessellation": "pattern", "kaleidoscope": "pattern",
    "bauhaus": "pattern", "mandala": "pattern", "wallpaper": "pattern", "hexagon": "pattern",
    "triangle": "pattern", "art deco": "pattern",
    "abstract": "abstract", "gradient": "abstract", "texture": "abstract", "background": "abstract",
    "watercolor": "watercolor", "watercolour": "watercolor", "aquarelle": "watercolor",
    "painting": "oil", "oil": "oil", "impressionist": "oil", "brush": "oil",
    "neon": "neon", "cyberpunk": "neon", "synthwave": "neon", "vaporwave": "neon", "glowing": "neon",
    "minimal": "minimal", "minimalist": "minimal", "minimalistic": "minimal", "simple": "minimal",
    "flat": "minimal", "poster": "minimal", "clean": "minimal", "logo": "minimal", "icon": "minimal",
    "pixel": "pixel", "8bit": "pixel", "retro game": "pixel", "voxel": "pixel",
    "noir": "mono", "monochrome": "mono", "grayscale": "mono", "greyscale": "mono",
    "black white": "mono", "ink": "mono", "pencil": "mono", "charcoal drawing": "mono",
    "vintage": "vintage", "retro": "vintage", "sepia": "vintage", "nostalgic": "vintage",
    "pastel": "pastel", "soft": "pastel", "dreamy": "pastel",
}  # fmt: skip

MOTIFS: dict[str, str] = {
    "triangle": "triangles", "hexagon": "hexagons", "circle": "arcs", "mandala": "rosette",
    "kaleidoscope": "rosette", "mosaic": "triangles", "art deco": "scales", "scale": "scales",
    "bauhaus": "quarters", "square": "quarters", "tile": "arcs",
}  # fmt: skip

SIZES: dict[str, float] = {
    "huge": 1.9, "giant": 1.9, "enormous": 2.1, "massive": 1.9, "big": 1.5, "large": 1.5, "tall": 1.3,
    "towering": 1.7, "full": 1.3, "small": 0.7, "tiny": 0.5, "little": 0.7,
}  # fmt: skip

COUNTS: dict[str, int] = {
    "two": 2, "pair": 2, "couple": 2, "three": 3, "four": 4, "five": 5, "several": 4, "many": 6,
}  # fmt: skip

STOPWORDS: frozenset[str] = frozenset(
    [
        "a",
        "an",
        "and",
        "are",
        "as",
        "at",
        "be",
        "by",
        "for",
        "from",
        "in",
        "into",
        "is",
        "it",
        "its",
        "of",
        "on",
        "or",
        "over",
        "the",
        "their",
        "this",
        "to",
        "under",
        "with",
        "very",
        "some",
        "near",
        "above",
        "below",
        "behind",
        "through",
        "while",
        "who",
    ]
)
