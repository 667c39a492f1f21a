"""Words of things: programs, machines, materials, nature, numbers, games; none of them says that somebody is meant.

Covered: English words in lower case, each by itself; a plural by its singular. Not covered: words that stand as often beside persons
("card", "record", "order", "account").
"""

from __future__ import annotations

THINGS = frozenset(
    """
    abelian abscissa ac acceleration accretion accrual accusative acetone acid acre actuator adapter adc addition adjective adr adverb aes agar
    aileron airbus aircraft aisle album aldehyde algae algebra algorithm alkali alkane allele alloy alpine alter alternator altitude aluminium
    aluminum amd amended amendment amide amine ammonia amortisation amortization amp ampere amphibian amplifier android anemometer angle anion
    anneal annealed annex anode ansi ansible antenna antigen antonym anycast apache aperture aphelion api apostrophe app apple applet apricot
    aqueous arcade arctic arduino arg argon args argument arithmetic armature armor armour arpeggio array ascii ashlar assay assays assembly
    assert assortment asterisk asteroid astm astronomy asymptote async atmosphere atom attribute autoscaler autovacuum avalanche average awaitable
    awk axiom axis axle backend backlog backslash backup bacon bacteria bacterium bake baking balancer ball bandwidth barcode barge barley barn
    barometer basalt baseball basename bash basis basketball bassoon baste batch batter battery baud bay bayesian beaker beam bean bearing beat
    becquerel bee beet beetle belt bench benchmark benzene berth beta bevel bezel bgp bigint bijection bin binary binding binomial biomass bios
    biscuit bit bitmap blade blender bluetooth bobbin boeing boil boiler boiling bolt bonds boolean boot bootloader bore boson botany bowl bpm
    bracket brake branch bread breadboard breaker breakpoint breed brightness broadcast bromide bronze broth brotli browser bsd budget buffer bug
    build bulb bulk bump bumper bundle burner burr bushing busybox butter byte bytecode cabbage cable cache cadence cake calcium calculus
    calibration caliper callback camshaft candela capacitor capex capitalised capitalized caramel carb carbon carbonate carbonyl carburettor
    cardinality cargo carriage carrot carton cartridge cashflow casing casserole castling catalog catalogue catalyst cathode cation cattle caulk
    cavity celery cello celsius cement centos centrifuge cereal cfr changelog changeover charger charset chassis checkbox checkers checkmate
    checkout checkpoint checksum cheese chess chickpea chilli chip chipset chisel chloride chlorine chmod chocolate chopped chord chorus chown
    chromatography chromosome chuck ci cidr cinnamon cipher circuit clamp clang clarinet classpath clause clauses clef cli cliff climate clone
    cloth cloud cluster clutch cmake cmyk cnc cobalt cockpit coconut codebase codec codified codon coefficient coffee coil colander coli collider
    colony color column columns combinatorics combustion comet comma commit commodity compaction compile compiled compiler complex compliance
    component compost compound compression compressor concentration concerto concrete concurrency conda condenser conductor config configuration
    conformity conjecture conjugate conjugation connector consignment console consonant consonants const constellation constraint container
    contour converge convergence conveyor cookie cooktop coolant cooling copper coprime coriander corollary coroutine cors cosecant cosine cosmic
    cotton coulomb coupler coupling cow cpu crane crankcase crankshaft crash crashes crate crater crc cream create crescendo cricket cron crontab
    crop crossword crust crystallisation csrf css csv ctrl cube cubed cubic cuda cultivar cumin curl currency cursor cycle cyclic cyclone cylinder
    cymbal dac daemon dairy damper dartboard dataframe dataset datasheet dative ddr deadlock debian debug debugger deburr deburring decimal deck
    declension decode decoder decorator decree default defrost delete delimiter delta denim denominator density dependencies dependency deploy
    deployment deprecated depreciate depreciation derivative descale descriptor deserialize desert determinant deviation devtools dew dhcp
    diagnostic diameter dice diced dictionary diesel differential diffraction diffuser digit dilute dilution dimension dimm dimmer din diode
    diphthong directives directory dirname discriminant dishwasher disk display distil distillation distribution distro dividend divisor dmesg dna
    dns dock docker dockerfile dough dowel downlink downtime dpi drain drained drawing drill driveshaft dropdown drought drum dryer drywall dtype
    dungeon duplex duplicate ean earthquake eave ebitda eclipse ecosystem eeprom egress eigenvalue eigenvector elasticsearch electrode electrolyte
    electron electronics element elevation ellipse ellipsis emacs embedding encode encoder encoding endgame endian endpoint energy engine entropy
    enum env enzyme epithelium epoch epochs epsilon equation equator equilibrium equinox equity erosion error escaped eslint espresso estuary etf
    ethanol ethernet ethyl etymology euro eventloop ewe exception executable executor exit exited exon exons exoplanet exothermic expansion
    exponent exponential export extract extraction extruder fabric factor factorial factsheet fahrenheit fallow fan farad fatal fault fauna fdm
    feather fedora feeder fermion ferrule fertiliser fertilizer ffmpeg fft field filament filename filepath filesystem filter final finches
    firewall firmware fiscal fish fixture fjord flag flagged flange flap flash flashing float flour flowmeter fluid fluoride flute flux fog folio
    font football footnote footprint forecast foreign forex forge fork formatter formula forwarder fossil fpga fraction framework freight freon
    frequency fret fricative friction fridge frog frontend frost frosting fry fugue function fungus furnace furrow fuse fuselage futures galaxy
    galvanised gambit gamma gantry garbage garlic gasket gate gateway gauge gaussian gazelle gb gcc gdp gdpr gear gearbox gene generator genome
    genus geology geometry germination gerund ghz girder git github glacier gland glob gmake gnu goat golf goose gpio gpl gpu gradient gradle
    grafana grain grammar granite graph grate gravel gravity gravy graze grease grep grid grill grinder gripper grommet gross grout gsm gtin
    guitar gunicorn gusset gust gutter gymnastics gzip habitat hadron hail halftime handball handshake hardened hardness harmony harrow harvest
    hash hashmap hay hazmat hdmi header headset heap heater heatsink hectare hedge helium hemisphere hen herb herd heron hertz hessian hevc hex
    hexadecimal hexagon hexane hexdump hinge histogram hive hob hockey hoe homebrew homomorphism homonym honey hooves hop horizon horn hose
    hostname housings hpa hs html http https hue humidity hurdle hvac hydraulic hydrogen hydroxide hygrometer hyperbola hypervisor hyphen
    hypotenuse hypothesis hz ice iceberg ide idiom idioms idler iec ieee ifr igniter imdg impeller import incoterm incoterms index inductor
    inequality inertia inference infinitive infinity inflation inflection infrared ingredient ingress init injective ink inkjet innings inode
    insect insert installer instruction int intake integer integral intel interface interference interferometer interpolation interval intron
    inventory inverter io iodine ion ionise irrigation iso isobar isobars isolator isomer isomorphic isosceles isotope iterable iterate iterator
    jacobian jam java javascript javelin jenkins jig jigsaw join joist joule joystick jpeg jq json juice jvm jwt kafka kalman katal kb kernel
    kerning ketone kettle keyboard keyerror keypad khz kickoff kiln kinetic knead knit knot knots kubectl kubernetes kwargs ladle lambda lamp lan
    lane larva larvae lasagne laser latch latency lathe latitude lava layer layout lcd leading leaf leaves led ledger legislation lemma lentil
    lettuce level lever lexer lexicon lgpl liabilities liability lib lichen lid lim limestone linear linker lint lintel linter linux liquidity
    listener literal lithium livestock lizard loader loam loanword localhost lockfile locomotive logarithm logger logits loinc longitude loom loop
    loot lowercase lua lubricant lug lumen luminosity lunar lux mac machine machined macos macro magma magnesium magnet magnetic magnitude maize
    make makefile malloc mammal mana mandrel manifold manure map marathon margin marinate markdown matrices matrix mattress maturity maven maximum
    mb mcu meadow medal median meeple megabyte melting membrane memory merge meridian meringue messier metaclass metadata metar meteor methane
    methanol methyl metric metronome mhz microcontroller micrometer microscope microservice microwave middleware midi migration milk mill milling
    mime mince mineral minimum mit mitochondria mixer mixin mixture ml modem module modulo modulus mol molar mold mole molecule momentum mongo
    monkeypatch monorepo monotone monotonic monsoon moon morpheme mortar mosfet motherboard motor mould mount msbuild mtu mulch multicast
    multimeter multinomial multiple multiplication mushroom mustard mutation mutex mypy mysql nagios namespace nasdaq nat ndarray nebula net
    netlist netmask neuron neutrino neutron newline ngc nginx nickel nitrate nitrogen nm nmr node nonzero noodle notam noun nozzle npk npm
    nucleotide nucleus null nullable numeral numerator numeric numpy nut nutmeg nvidia nyquist oat oatmeal oauth oboe ocean octave oee offset
    offside ohm ohms oil oled olympic omega onion oom opamp opcode openssl opera operand opex optics optimiser optimizer optocoupler oracle orbit
    orchard orchestra oregano organism orifice orm orthogonal os oscillation oscillator oscilloscope ospf otter outlet oven overflow overhead owl
    oxidation oxide oyster packaging packet pad pads paint palette pallet pallets pandas panel panic panicked pantone parabola parallax parallel
    param parameter parentheses parenthesis parquet parse parsed parser parsley participle particle partition passive pasta pastry pasture
    payables payload pcb pcie pcr pdf pea peak pedal peel penalty pencil pendulum peninsula pepper peptide percussion perihelion perl permanganate
    permutation perpendicular perplexity pesticide petal ph phasor phenotype phoneme phosphate photon photosynthesis phylum piano pickle pig pin
    pinch ping pinout pip pipe pipeline pipette piston pitch pixel pizza placeholder planet plank plasmid plaster plateau plc pleat plosive plough
    plow plug plugin plural plywood pneumatic png pod pointer poisson poker polarisation polarity pollen polyester polygon polymer polymerase
    polynomial pond port portfolio poster postgres potassium potato potentiometer poultry powershell powertrain ppm preamble preamp precipitate
    precipitation predator prefetch prefix prefixes preheat preheated prelude preprocessor prey prime primer printer printing probability proc
    process processes processor profiler profit programming projector prometheus pronoun propeller propshaft protein protobuf protocol proton
    prototype protozoa proverb proxy prune pudding pull pulley pulsar pulse pumpkin punctuation pupa puree purée puzzle pwm pydantic pypi pytest
    python pytorch qnh quadratic quadrilateral qualifier quantile quantisation quantization quantum quark quarry quarterfinal quartet quartile
    quartz quasar quest queue quilt quotation quoted quotes quotient rabbitmq rack racket radiation radiator radioactive radius rafter rainfall
    ram rape rasp raspberry ratio rational rc reactor readme readonly reagent reagents rebar rebase rebuild receivables receptor recipe reciprocal
    recital recitals recrystallisation rectangle rectifier recursion redirect redis redox redshift reef refactor reflow refraction refseq
    refurbished regatta regex regression regularisation regularization regulation regulator reinstall relay remainder repeal replica replication
    repo repository reptile requirement reset residue resin resistor resolver resonance responsive retries retry returns rev revenue revision
    rework rewrite rfc rgb rheostat rhombus rhythm ribosome rice riff rinse risotto river rivers rivet rna roast robot rock rodent rollback roller
    rollout roof rook roro rotor route router routing row rows rpc rpm rsa rsync rudder rugby runtime runway rust rye salad salchow salt sampling
    sand sandbox satellite saturation sauce saucepan sausage sauté scalar scale schema schematic scipy scored scorer scrap scrapped screw
    screwdriver script sdk seal sed sediment seedbed seedling segfault segment segments seismic semaphore semicolon semifinal semver sensor
    sentences separator sequence serialise serialize serialized serializer serif server serves servo shaft shale shard sharding sheep sheet shell
    shim shootout shore shorn shortcut shrub shuffle shunt shutdown shutter sieve sievert sigkill sigma sigmoid signal silage silica silicone
    silkscreen sill silver simmer simmering sine singleton singular sink skew skillet sku slope smallint smd smoke smt snapshot snippet snmp snow
    snowfall soa soak socket sodium softmax software soil solar solder solderable solenoid solitaire solstice solubility solute solvent sonata
    soup sow spacer spade spanner spark sparrow spatula spawn spec species specification spectral spectrogram spectrometer spectroscopy spectrum
    speedrun spelling sphere spice spin spinach spindle spline splitter sponge spool spore sprinkle sprint sprocket sprout sql sqlite squared
    squawk squirrel ssd ssh ssid ssl stack stacktrace stadium staging stalemate stamina stamped standard standards starch statistic statistics
    stderr stdin stdout stellar stepper stevedore stew stir stitch stocks stoichiometry stoppage storage stowage strain strait straw stream string
    struct strut stylus subclass subdirectory subfolder subgraph subgroup subjunctive submodule subnet subprocess subquery subroutine subsection
    subsections subset subspecies subtraction subwoofer sudo sudoku suffix suffixes sugar sulfate sulfur sulphate sulphur sum summit sump sun
    sunspot superclass superconducting superconductor supernova supervisord surjective surplus svg swap swatch switch syllable symlink symmetric
    symmetry symphony synonym syntax syrup syslog systemd table tablespoon taf takt tangent tanh tank taper tar tarball tare tariff taxiway taxon
    taxonomy tbsp tcp teaspoon telemetry telescope temperature template tempo tennis tense tensor tensorflow terabyte terminal terraform terrain
    teu theorem thermocouple thermodynamics thermostat theta thread threshold throttle throttled throughput thunder thyme thyristor tidal tide
    tiebreak tier tiff tile timber timeout timestamp timing timpani tire titanium titrate titration tls tmux toaster tofu toggle tokenize
    tokenizer tolerance toluene tomato tonnage tonne tool toolchain tooling tooltip topology tornado torque torx touchscreen tournament trace
    traceback traceroute trackpad tractor transaction transducer transformer transistor traversal tray tread treble triac triangle trigger
    trigonometry trill tripod trombone trophy tropical trout trump trunk truss tsp ttl tuba tundra tune tungsten tuning tunnel tuple turbine
    turnip turnover tweed typeerror typeface typescript typo tyre ubuntu udder udp ui ukulele undefined underscore unemployment unicast unicode
    unix unloading unreachable unset unsigned upc upholstery uplink uppercase upstream url usb usc utf uuid uvicorn valence validation validator
    valuation valueerror vanilla varchar variable variance varistor varnish vat vector vectorised vectorized velocity vent ventilation verb
    vernier version vertebrate vertex vertices vessel vfr vibration viewport vine vinegar vineyard violin virtual viscosity vlan vm vocabulary
    vocal volatility volcano volley volt voltage volume vowel vowels vpn vue vxlan wagon waltz wan warn warning warp washer waterfall watt
    wavelength wavelet webhook webp webpack webserver websocket weed weft weights weld wget wheat wheel whip whisk whisked whitespace wicket wifi
    wildcard winch wind winding wire wireless wiring wok workaround worker workflow workpiece workspace wort wrench xcode xhci xml xp yaml yarn
    yeast yield yoghurt yogurt zebrafish zest zinc zip zipper zlib zookeeper zstd
    """.split()
)


def is_thing(word: str) -> bool:
    """Whether the word, in lower case, or what it is the plural of, is one of things."""
    return word in THINGS or word.removesuffix("s") in THINGS
