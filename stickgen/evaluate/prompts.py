"""How people ask for an action: plain English that no caption generator wrote, typos included.

At least ten ways for each of the 64 actions: pronouns, slang, odd word orders, spelling mistakes. They test whether a
model understands an action rather than its captions. None is meant to be a synthetic caption; if one is by chance,
`prompts_for` omits it.
"""

from __future__ import annotations

from collections.abc import Collection

QUICKSTART_ACTIONS = (
    "walk", "run", "jump", "wave", "bow", "clap", "kick", "punch", "squat", "sit_down", "jumping_jack", "cartwheel",
    "dance", "march", "raise_hand", "spin", "throw", "lunge", "cheer", "pick_up",
)  # fmt: skip

WORDINGS: dict[str, tuple[str, ...]] = {
    "idle": (
        "this bloke just stands there", "she is doing nothing at all", "standing around, bored", "he waits in line",
        "they stay put without moving", "somebody out there hangs about", "man standing motionless", "dude stands and does nothin",
        "a person who doesn't move", "just stnad still please",
    ),
    "balance": (
        "a fella balances on one foot", "she tries not to tip over on one leg", "standing like a flamingo",
        "he holds one foot off the ground", "they keep their balance, arms out", "a girl stands one-legged",
        "balancing act on a single leg", "man wobbles on one leg", "one leg up, arms out wide", "ballance on one leg",
    ),
    "stretch": (
        "the postman stretches after waking up", "she reaches up tall and stretches", "he has a good long stretch",
        "stretching both arms over the head", "they loosen up before the game", "someone stretches their back",
        "warming up with a good stretch before sports", "dude streches his arms", "a girl stretches out to the sides", "big morning stretch",
    ),
    "turn": (
        "my cousin turns round", "she turns to face the other way", "he does an about-face", "they turn around on the spot",
        "turning around to look behind", "man pivots to the other direction", "our neighbour swivels around",
        "dude turns arround", "a person wheels about", "face the other direction",
    ),
    "look_around": (
        "the waiter looks about him", "she is scanning the room", "he peers left and right", "they search with their eyes",
        "looking for someone in the crowd", "a man shields his eyes to see far", "checking out the surroundings",
        "my classmate looks in every direction", "dude lookin around", "a lookout watches the horizon",
    ),
    "think": (
        "some chap is deep in thought", "she rubs her chin, thinking", "he ponders what to do", "they are wondering about something",
        "thinking hard with a hand on the chin", "man considers a problem", "somebody out there contemplates", "dude thinkin hard",
        "a person lost in thoughts", "hmm, let me think about that",
    ),
    "walk": (
        "my buddy walks along", "she is walking down the street", "he strolls by", "they go for a little stroll outside", "man walking normally",
        "our neighbour goes on foot", "the lady next door walks past us", "just walking", "dude is walkin", "a preson walks foward",
        "just taking a couple of steps ahead", "he ambles straight on",
    ),
    "walk_backward": (
        "this bloke walks in reverse", "she is walking back, not looking", "he backs up step by step", "they retreat slowly on foot",
        "man walking rear first", "my classmate goes backwards", "my aunt steps away backwards", "walk bakwards", "moonwalking dude",
        "backing up a few steps",
    ),
    "sidestep": (
        "a fella steps to the side", "she moves sideways like a crab", "he shuffles sideways", "they step sideways",
        "man sidestepping", "somebody out there slides over to the side", "crab walk on two feet", "side steppin dude",
        "stepping sideways a few times", "moves over to one side with small steps",
    ),
    "run": (
        "the postman runs by", "she is running", "he takes off running", "they run down the road", "man running forward",
        "our neighbour goes running", "that lady over there runs past us", "run, Forrest, run", "dude is runnin", "a preson runs foward",
        "running to catch the bus", "he breaks into a run",
    ),
    "jog": (
        "my cousin goes jogging", "she is jogging in the park", "he trots along the path", "they jog at an easy tempo", "man jogging slowly",
        "my classmate out for a morning jog", "light jog", "dude joggin", "the lady next door jogs past us", "an easy run for fitness",
    ),
    "sprint": (
        "the waiter sprints away", "she is sprinting to the finish", "he dashes off at once", "they run as if the devil was after them", "man runs flat out",
        "somebody out there races ahead", "hundred metre dash", "dude sprintin", "my aunt bolts off", "running like hell",
    ),
    "march": (
        "some chap marches like in the army", "she is marching in a parade", "he marches along, knees up", "they march in step, left, right",
        "soldier on parade", "man marching stiffly", "our neighbour goes marching", "left right left right, marching", "dude marchin",
        "that lady over there marches past us", "marhcing forward", "a guard marching up and down",
    ),
    "tiptoe": (
        "my buddy sneaks past", "she is tiptoeing", "he creeps up quietly", "they sneak like a burglar", "man walking on his toes",
        "my classmate tries not to be heard", "sneaky steps", "dude sneakin around", "the lady next door tip-toes by", "stealthy walk",
    ),
    "limp": (
        "this bloke limps", "she is limping badly", "he hobbles off", "they walk with a bad leg", "man with a hurt foot walks",
        "somebody out there drags one leg", "walking wounded", "dude limpin", "my aunt limps past us", "walks with a limp",
    ),
    "stagger": (
        "a fella stumbles home drunk", "she is staggering", "he can hardly walk straight", "they wobble along", "drunk man walking",
        "our neighbour reels about", "dizzy walk", "dude stumblin around", "that lady over there lurches along", "walks unsteadily, swaying",
    ),
    "skip": (
        "the postman skips down the path", "she is skipping along merrily", "he goes skipping home", "they skip hand in hand",
        "girl skipping to school", "my classmate skips happily", "hop and step, hop and step", "dude skippin", "the lady next door skips past us",
        "skips home from school like a kid",
    ),
    "crawl": (
        "my cousin crawls on all fours", "she is crawling like a baby", "he creeps on hands and knees", "they crawl along the floor",
        "man on hands and knees", "somebody out there crawls under a fence", "baby crawl", "dude crawlin", "my aunt crawls about",
        "crawling along the ground",
    ),
    "climb": (
        "the waiter climbs up", "she is climbing some stairs", "he goes up the rungs of a ladder", "they climb step by step", "man climbing a ladder",
        "our neighbour ascends a staircase", "going upstairs", "dude climbin up", "that lady over there mounts the steps", "up the ladder he goes",
    ),
    "jump": (
        "some chap jumps up twice", "she is jumping", "he hops up and down", "they leap into the air", "man jumping on the spot",
        "my classmate jumps for joy", "jump up high", "dude jumpin", "the lady next door jumps straight up", "a preson jmups up",
        "springing off the ground with both feet", "he jumped",
    ),
    "leap": (
        "my buddy leaps over a puddle", "she is leaping forward", "he jumps a long way", "they do a long jump", "man leaping over a gap",
        "somebody out there jumps across a ditch", "broad jump", "dude leapin", "my aunt bounds ahead", "a big leap to the front",
    ),
    "hop": (
        "this bloke hops on one leg", "she is hopping", "he bounces on one foot", "they hop like in hopscotch", "man hopping on one foot",
        "our neighbour hops along", "one-legged hops", "dude hoppin", "that lady over there hops past us", "hopscotch on one leg",
    ),
    "jumping_jack": (
        "a fella does some jumping jacks", "she is doing jumping jacks", "he does star jumps", "they warm up with jumping jacks",
        "man exercising with star jumps", "my classmate jumps with arms and legs going out and in", "gym class jumping jacks",
        "dude doin jumpin jacks", "the lady next door doing side straddle hops", "jumpin jaks", "jack jumps, arms up and legs apart",
        "a few jumping-jacks please",
    ),
    "cartwheel": (
        "the postman does a cartwheel", "she is doing cartwheels", "he cartwheels across the grass", "they turn sideways over their hands",
        "girl doing a cartwheel", "somebody out there wheels over on the hands", "gymnast cartwheel", "dude cartwheelin", "my aunt does cartweels",
        "cart wheel", "goes hands, hands, feet, feet sideways", "he flips sideways like a wheel",
    ),
    "roll": (
        "my cousin rolls on the ground", "she is doing a forward roll", "he tumbles forward over the shoulder", "they do a roll on the mat",
        "man rolling forward", "our neighbour does a parkour roll", "combat roll", "dude rollin over", "that lady over there does a roly-poly",
        "head over heels on the floor",
    ),
    "somersault": (
        "the waiter does a flip", "she is doing a somersault in the air", "he flips over in mid air", "they do an acrobatic flip",
        "man doing a front flip", "my classmate does a backflip", "flip in the air", "dude does a sommersault", "the lady next door flips through the air",
        "jump and flip over",
    ),
    "handstand": (
        "some chap stands on his hands", "she is doing a handstand", "he goes upside down", "they stand upside down on the palms",
        "man doing a handstand", "somebody out there kicks the legs up and stands on the hands", "upside-down pose", "dude doin a hand stand",
        "my aunt balances on her hands", "hnadstand",
    ),
    "squat": (
        "my buddy does squats", "she is squatting", "he squats down and gets up", "they do knee bends", "man doing squats at the gym",
        "our neighbour crouches and rises", "deep knee bend", "dude squattin", "that lady over there does a squatt", "bend the knees, down and up",
        "leg day squats", "he goes into a squat",
    ),
    "lunge": (
        "this bloke does a lunge", "she is lunging", "he steps forward and drops into a lunge", "they do lunges for exercise",
        "man doing lunges", "my classmate takes a big step and bends the knee", "gym lunges", "dude lungin", "the lady next door makes a lunge",
        "lungge exercise", "one leg forward, go low, come back", "he lunges ahead",
    ),
    "push_up": (
        "a fella does push ups", "she is doing pushups", "he does press-ups", "they work out with push-ups", "man doing pushups on the floor",
        "somebody out there pushes up from the ground", "drop and give me twenty", "dude doin pushups", "my aunt doing pressups",
        "arms bend, chest to the floor, up again",
    ),
    "sit_up": (
        "the postman does sit ups", "she is doing situps", "he does crunches", "they train their abs", "man doing sit ups on the floor",
        "our neighbour lies down and sits up over and over", "ab workout", "dude doin situps", "that lady over there doing crunches", "abdominal crunches",
    ),
    "sit_down": (
        "my cousin sits down", "she is taking a seat", "he plops down on a chair", "they plonk themselves down", "man sitting down",
        "my classmate has a seat", "please sit", "dude sits donw", "the lady next door lowers herself onto a chair", "going from standing to sitting",
        "he sat down", "sit on a stool",
    ),
    "stand_up": (
        "the waiter gets up", "she is standing up from her seat", "he rises to his feet", "they get to their feet", "man standing up",
        "somebody out there gets off the chair", "on your feet", "dude stands upp", "my aunt rises from her armchair", "going from sitting to standing",
    ),
    "kneel": (
        "some chap kneels", "she is kneeling down", "he gets down on a knee to propose", "they fall to their knees", "man kneeling",
        "our neighbour kneels before the king", "down on the knees", "dude kneelin", "that lady over there neels down", "taking a knee like a knight",
    ),
    "lie_down": (
        "my buddy lies down", "she is lying down to sleep", "he lays himself on the floor", "they lie on their back", "man lying down",
        "my classmate goes to bed", "rest on the floor", "dude layin down", "the lady next door lies flat", "lay down on the ground",
    ),
    "fall": (
        "this bloke falls down", "she is falling over", "he trips and drops", "they collapse all of a sudden", "man falling to the ground",
        "somebody out there slips on ice", "takes a tumble", "dude fallin over", "my aunt topples over", "faint and drop",
    ),
    "wave": (
        "a fella waves hello", "she is waving", "he says hi with his hand", "they wave goodbye", "man waving at us",
        "our neighbour waves at a friend", "bye bye with the hand", "dude wavin", "that lady over there gives a wave", "wawe hello",
        "hand in the air, moving it side to side to greet", "he waved to the crowd",
    ),
    "bow": (
        "the postman bows", "she is bowing to the audience", "he bends over in respect", "they bow down", "man bowing politely",
        "my classmate takes a bow after the show", "japanese greeting bow", "dude bowin", "the lady next door bows deep", "bend at the waist to thank",
        "a respectful boww", "he bowed to the king",
    ),
    "point": (
        "my cousin points over there", "she is pointing at something", "he shows where it is", "they point the way", "man pointing a finger",
        "somebody out there indicates the direction", "look over there", "dude pointin", "my aunt points at it", "pionting with an arm",
    ),
    "clap": (
        "the waiter claps", "she is clapping her hands", "he gives applause", "they applaud the band", "man clapping",
        "our neighbour claps for the singer", "round of applause", "dude clappin", "that lady over there claps her hands", "clpa your hands",
        "hands smack together again and again", "he clapped loudly",
    ),
    "nod": (
        "some chap nods", "she is nodding", "he nods his head yes", "they agree by nodding", "man nodding",
        "my classmate moves the head up and down", "yes with the head", "dude noddin", "the lady next door nods her head", "nodd",
    ),
    "salute": (
        "my buddy salutes", "she is saluting the flag", "he gives his captain a salute", "they salute the officer", "man saluting",
        "soldier saluting", "hand to the brow", "dude salutin", "my aunt salutes", "sallute like a soldier",
    ),
    "beckon": (
        "this bloke waves you over", "she is calling somebody over", "he gestures to come here", "they motion us closer", "man beckoning",
        "somebody out there signals come here", "come here gesture", "dude sayin come over", "that lady over there beckons", "come on over sign",
    ),
    "raise_hand": (
        "a fella raises his hand", "she is raising her hand in class", "he puts his arm up", "they lift a hand up high", "man with a hand up",
        "our neighbour wants to ask a question", "pupil raising a hand", "dude raisin his hand", "the lady next door raises an arm", "rasie your hand",
        "hands up if you know, one arm up", "he lifted one arm over his head",
    ),
    "cheer": (
        "the postman cheers", "she is cheering for the team", "he celebrates the winning goal", "they throw their arms up in joy", "man cheering",
        "my classmate celebrates with arms in the air", "hooray, we won", "dude cheerin", "my aunt cheers wildly", "cheerng fan",
        "both arms up, yay", "he rejoices over a win",
    ),
    "shrug": (
        "my cousin shrugs", "she is shrugging", "he has no idea", "they shrug their shoulders", "man shrugging", "somebody out there says dunno",
        "i don't know gesture", "dude shruggin", "that lady over there shrugs", "who knows shrug",
    ),
    "pray": (
        "the waiter prays", "she is praying", "he says a quiet prayer to himself", "they put their hands together in prayer", "man praying",
        "our neighbour prays in church", "hands folded", "dude prayin", "the lady next door says her prayers", "preying with folded hands",
    ),
    "hug": (
        "some chap hugs a friend", "she is hugging somebody", "he gives a big hug", "they embrace", "man hugging", "my classmate gives a bear hug",
        "free hugs", "dude huggin", "my aunt hugs", "open arms, then close them around a friend",
    ),
    "reach": (
        "my buddy reaches for a thing", "she is reaching out", "he grabs it from the shelf", "they stretch out a hand to grab it",
        "man reaching", "somebody out there takes hold of something", "reach for the shelf", "dude reachin out", "that lady over there grabs a thing", "raech out",
    ),
    "pick_up": (
        "this bloke picks something up", "she is picking up a toy", "he bends down to get a coin", "they pick a thing off the ground",
        "man picking up a box", "our neighbour takes a stone from the ground", "grab it from the floor", "dude pickin up trash",
        "the lady next door picks up her bag", "pcik up the ball", "bend over and lift it off the floor", "he picked a thing up",
    ),
    "put_down": (
        "a fella puts something down", "she is setting down a toy", "he lays a coin on the floor", "they place that thing back on the ground",
        "man putting a box down", "my classmate sets down a bag", "drop it off on the floor", "dude puttin it down", "my aunt sets her bag down",
        "put donw the ball",
    ),
    "lift": (
        "the postman lifts weights", "she is lifting a barbell", "he hoists it over his head", "they lift a heavy load up", "man lifting weights",
        "somebody out there heaves it overhead", "olympic weightlifting", "dude liftin", "that lady over there lifts a crate up high", "clean and jerk",
    ),
    "push": (
        "my cousin pushes a car", "she is pushing hard", "he shoves it away", "they push against the door", "man pushing a crate",
        "our neighbour pushes with both hands", "shove the wall", "dude pushin", "the lady next door pushes a cart", "psuh it",
    ),
    "pull": (
        "the waiter pulls a rope", "she is pulling hard", "he tugs at it", "they drag it closer", "man pulling a rope",
        "my classmate hauls it in", "tug of war", "dude pullin", "my aunt yanks the rope", "pul it in",
    ),
    "throw": (
        "some chap throws a stone", "she is throwing a ball", "he tosses something away", "they hurl a rock", "man throwing a ball",
        "somebody out there pitches a baseball", "pitcher throws", "dude throwin stuff", "that lady over there throws a ball far", "thrwo the ball",
        "wind up and fling it overhand", "he threw it",
    ),
    "catch": (
        "my buddy catches a ball", "she is catching something", "he gets the ball with both hands", "they catch a throw", "man catching a ball",
        "our neighbour catches it in mid air", "nice catch", "dude catchin", "the lady next door catches the bouquet", "cacth the ball",
    ),
    "drink": (
        "this bloke drinks", "she is drinking some water", "he takes a sip", "they have a drink together", "man drinking beer", "my classmate drinks from a glass",
        "cheers, drink up", "dude drinkin", "my aunt sips tea", "dirnk from a bottle",
    ),
    "wash": (
        "a fella washes himself", "she is cleaning a window", "he takes a hot shower", "they wipe the glass", "man washing",
        "somebody out there scrubs the arms", "shower time", "dude washin up", "that lady over there wipes the window", "whash the arms",
    ),
    "punch": (
        "the postman punches", "she is boxing", "he throws a few punches", "they hit the bag", "man punching the air", "our neighbour shadow boxes",
        "boxer hitting", "dude punchin", "the lady next door throws a jab", "puncth him", "fists flying, jab jab", "he punched something",
    ),
    "kick": (
        "my cousin kicks", "she is kicking", "he kicks a ball", "they give it a good kick", "man kicking", "my classmate does a karate kick",
        "football kick", "dude kickin", "my aunt kicks the air", "kcik the ball", "swings a leg up to hit something", "he kicked it away",
    ),
    "block": (
        "the waiter blocks a punch", "she is dodging", "he ducks out of the way", "they defend themselves against a blow", "man blocking a hit", "somebody out there shields the face",
        "guard up", "dude dodgin", "that lady over there ducks under it", "blok the punch",
    ),
    "slash": (
        "some chap swings a sword", "she is slashing", "he cuts the air with his blade", "they fight with swords", "man slashing with a sword",
        "our neighbour swings a katana", "samurai cut", "dude slashin", "the lady next door slices with a sword", "slahs with a sword",
    ),
    "dance": (
        "my buddy dances", "she is dancing", "he is busting out his best moves", "they dance all night at a party", "man dancing to a song", "my classmate shows some dance moves",
        "disco dancing", "dude dancin", "my aunt dances around", "danse to the beat", "grooving along to some music", "he danced all night",
    ),
    "spin": (
        "this bloke spins round", "she is spinning", "he whirls around", "they go twirling on the spot", "man spinning in circles", "somebody out there does a pirouette",
        "ballet spin", "dude spinnin", "that lady over there twirls about", "spinn around", "going round and round like a top", "he spun on his heel",
    ),
}  # fmt: skip


def prompts_for(
    actions: Collection[str], each: int | None = None, *, seen: Collection[str] = ()
) -> list[tuple[str, str]]:
    """(action, text) for the named actions: the first `each` texts of every one (None: all), action by action.

    `seen` are captions that a model was trained on; texts that equal one, ignoring case and punctuation, are omitted.
    Raises KeyError for an unknown action.
    """
    known = {plain(text) for text in seen}
    unseen = {action: [text for text in WORDINGS[action] if plain(text) not in known] for action in actions}
    return [(action, text) for action in actions for text in unseen[action][:each]]


def plain(text: str) -> str:
    """A text for comparison with others: lower-case letters, digits and single spaces."""
    return " ".join("".join(c for c in text.lower() if c.isalnum() or c == " ").split())
