"""How people say yes and no, in several languages."""


def _words(told: str) -> list[str]:
    return told.split()


def _phrases(told: str) -> tuple[str, ...]:
    return tuple(" ".join(one.split()) for one in told.split("|"))


YES = {*_words("""
    yes yep yeah yup y sure ok okay approve approved agreed agree lgtm confirm confirmed accept accepted absolutely
    definitely ja jawohl genehmigt einverstanden freigegeben oui daccord approuvé accord sí si claro vale aprobado adelante
    acepto sì certo approvato accordo akkoord prima goedgekeurd zeker tak zgoda zatwierdzam jasne okej godkänt
    godkänd javisst sim aprovado concordo aceito 👍 ✅ ✔ +1 はい 承認 了解 好 好的 是 可以 同意
""")}  # fmt: skip
NO = {*_words("""
    no nope nah n reject rejected decline declined deny denied disagree stop nein nö abgelehnt ablehnen non refusé refuse
    rechazado rechazo rifiutato rifiuto nee afgekeurd geweigerd nie odrzucam odmawiam nej avslag avslås não rejeitado recuso
    👎 ❌ -1 いいえ 却下 不 不行 不是 否
""")}  # fmt: skip
NOT = {*_words("""
    not don't nicht kein keine pas ni niet geen nie inte ej não non nunca never without except ohne sans sin senza zonder bez
    utan
""")}  # fmt: skip
LONGER_YES = _phrases("""
    go ahead | ship it | do it | sounds good | looks good | please do | of course | go for it | all good | fine by me
    | mach das | machen sie das | d'accord | bien sûr | vas-y | allez-y | de acuerdo | por supuesto | hazlo | va bene
    | d'accordo | fai pure | doe maar | is goed | oczywiście | kör på | pode ser | pode fazer | de acordo
""")
LONGER_NO = _phrases("""
    not approved | please don't | do not | don't | no way | not ok | not okay | not yet | hold off | auf keinen fall
    | nicht genehmigt | lieber nicht | pas d'accord | ne pas | pas encore | de ninguna manera | todavía no | non ancora
    | niet akkoord | nog niet | liever niet | nie zgadzam | jeszcze nie | inte godkänt | inte än | ainda não
""")
DOUBTS = _words("""
    but unless except maybe perhaps depends aber außer vielleicht mais sauf pero salvo quizás ma però forse maar tenzij
    misschien ale chyba może men kanske mas talvez
""")
LONGER_DOUBTS = _phrases("only if | not sure | nur wenn | peut-être | tal vez | ?")
POLITE = _words("""
    please thanks thank bitte danke merci s'il svp por gracias grazie prego graag bedankt proszę dzięki tack obrigado
    obrigada
""")
ALL = {*_phrases("""
    all | both | alle | beide | tous | toutes | les deux | todos | todas | ambos | tutti | entrambi | allebei | wszystkie
    | oba | alla | båda | ambas
""")}  # fmt: skip
_COUNTED = (
    "one first eins erste un une premier uno primero primera één eerste jeden pierwszy ett första um primeiro",
    "two second zwei zweite deux deuxième dos segundo segunda due secondo twee tweede dwa drugi två andra dois",
    "three third drei dritte trois troisième tres tercero tre terzo drie derde trzy trzeci tredje três terceiro",
    "four fourth vier vierte quatre quatrième cuatro cuarto quattro quarto vierde cztery czwarty fyra fjärde quatro",
    "five fifth fünf fünfte cinq cinquième cinco quinto cinque vijf vijfde pięć piąty fem femte",
)
NUMBERS = {word: number for number, words in enumerate(_COUNTED, 1) for word in words.split()}
COUNTED_THINGS = _words("option number nr no n # nummer opción opzione optie opcja alternativ opção choice")
