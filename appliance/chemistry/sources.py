"""The documents that the figures of the chemistries come from, each named once.

Reads and writes: nothing.
Never: a document without a title by which a reader finds it.
"""

# LFP
SERIALBATTERY = "dbus-serialbattery, config.default.ini"
VICTRON_CHARGER = "Victron Energy, Phoenix Smart IP43 charger manual, section 5.1, LI-ION"
VICTRON_LFP = "Victron Energy, Lithium Battery Smart manual"
PACK_SHEET = "Upower Ecoline UE-12Li300BL manual, sections 4 and 5"
CELL_SHEET = "machineu (THBattery), data sheet of an LFP cell 26650 of 4 Ah"
JIAXIN = "Jiaxin, JS-25.6V11.4Ah data sheet"
SEPLOS = "Seplos BMS 3.0, settings as delivered (firmware 1.4)"
BATTLE_BORN = "Battle Born Batteries, settings for an EPEver controller"
GOPOWER = "Go Power, Advanced Lithium battery, technical data"
PACK_12V = "specification of a generic LFP pack of 12.8 V and 100 Ah (everychina.com)"
EPEVER_LI = "EPEver, Tracer BPL manual, lithium battery"
# Lead-acid
EPEVER = "EPEver, Tracer AN/BN manual and registers as delivered, 12 V at 25 C"
VICTRON_LEAD = "Victron Energy, Phoenix Smart IP43 charger manual, section 5.1, NORMAL"
TROJAN = "Trojan Battery Company, User's Guide"
ROLLS = "Rolls Battery, Battery User Manual"
TIA_SANG = "Tia Sang, 12 V 40 Ah AGM data sheet"
ENERDRIVE = "Enerdrive, ePower charger manual, page 24"
PROSTAR = "Morningstar, ProStar MPPT manual, table 3-1"
MORNINGSTAR = "Morningstar, SunSaver MODBUS Specifications, page 20"
LIBRESOLAR = "LibreSolar, charge-controller-firmware, bat_charger.cpp"
RENOGY = "Renogy, ROVER MODBUS, defaults of a 12 V battery"
MASTERVOLT = "Mastervolt, Charging batteries"
FULLRIVER = "Fullriver, Deep cycle battery FAQ"
TIA_SANG = "Tia Sang, data sheet of an AGM battery of 12 V and 40 Ah"
TEXTBOOK_LEAD = "usual tables of rested voltage of six cells (12.73, 12.5, 12.24, 12.06, 11.9 V)"
FREEZING = (
    "specific gravity by charge: Rolls, Battery User Manual, table 3; freezing by specific "
    "gravity: US Army TM 5-1185, table III"
)
COLD_LEAD = "makers' sheets at C/20: 65 % at 0 C, 40 % at -20 C"

HERE = "chosen here: "
